/** Steps of the tests of what the API takes only from somebody who has just proved who they are. */
import { screen, waitFor, within } from '@testing-library/react';
import { expect, onTestFinished, vi } from 'vitest';
import { api, dataOf } from '../api/client';
import { leaveFor } from '../api/leave';
import { session } from '../api/session';
import { draftKey, fakeApi, json, niobe, noContent, problem, todo, trinity, type Answer } from './fake-api';
import { renderApp } from './render-app';

export const EVERYBODY = 'POST /api/org/revoke';
export const POLICY = 'PUT /api/org/policy';
export const NOTHING_DONE = 'Nothing was done here. Do it again if you still want it.';
export const policy = {
  idleTimeoutSeconds: 60,
  absoluteLifetimeSeconds: 3600,
  privilegedAuthAgeSeconds: 60,
  endsProviderSession: false,
};

export const needed = (maxAge = 900) => problem(403, 'insufficient_user_authentication', { max_age: maxAge });
export const revokeEverybody = () => api.POST('/api/org/revoke');
export const setPolicy = () => dataOf(api.PUT('/api/org/policy', { body: policy }));

export async function signedIn(person = trinity) {
  const heard: unknown[] = [];
  const otherTab = new BroadcastChannel('curfew-session');
  otherTab.onmessage = ({ data }) => heard.push(data);
  onTestFinished(() => {
    otherTab.close();
  });
  const server = fakeApi();
  server.signedIn(person, [todo('Buy milk')]);
  const app = renderApp('/?show=open');
  await screen.findByRole('checkbox', { name: 'Buy milk' });
  return { server, heard, ...app };
}

export const dialog = () => screen.findByRole('dialog', { name: 'Confirm that it is you' });

/** Goes to the provider with a call, and returns the address of the way back. */
export async function away(
  person = niobe,
  call: () => Promise<unknown> = setPolicy,
  path = POLICY,
  then = 'leaves',
) {
  const app = await signedIn(person);
  app.server.on(path, needed(60));
  call().catch(() => undefined);
  const shown = await dialog();
  await app.user.click(within(shown).getByRole('button', { name: 'Continue at White Rabbit' }));
  await waitFor(() => {
    expect(leaveFor).toHaveBeenCalled();
  });
  if (then === 'leaves') app.close();
  const start = new URL(String(vi.mocked(leaveFor).mock.lastCall?.[0]), window.location.origin);
  return { start, back: start.searchParams.get('next') ?? '', ...app };
}

/** The page is loaded anew, for this person. */
export async function arriveAt(
  address: string,
  person = niobe,
  answer: Answer = json(200, policy),
  key: Answer = draftKey(person.id),
) {
  session.doubt();
  const server = fakeApi();
  server.signedIn(person, [todo('Buy milk')]);
  server.on('GET /api/account/draft-key', key);
  server.on(POLICY, answer);
  server.on(EVERYBODY, noContent());
  const app = renderApp(address);
  await screen.findByRole('checkbox', { name: 'Buy milk' });
  return { server, ...app };
}

/** All that was to be sent has been by then: what is parked is taken before anything else is done. */
export async function expectNothingSent(
  server: Awaited<ReturnType<typeof arriveAt>>['server'],
  isSaid = false,
) {
  await new Promise((resolve) => setTimeout(resolve, 100));
  expect(server.countOf(POLICY)).toBe(0);
  expect(screen.queryByText(NOTHING_DONE) !== null).toBe(isSaid);
}
