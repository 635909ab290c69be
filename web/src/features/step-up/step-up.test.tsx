/** Calls that the API takes only from somebody who has just proved who they are: the whole page, with a password. */
import { fireEvent, screen, waitFor, within } from '@testing-library/react';
import { expect, test } from 'vitest';
import { api } from '../../api/client';
import { explain, NotConfirmedError, SignedOutError } from '../../api/problem';
import { session } from '../../api/session';
import { json, noContent, problem, trinity, type Answer } from '../../test/fake-api';
import {
  dialog,
  EVERYBODY,
  needed,
  POLICY,
  policy,
  revokeEverybody,
  setPolicy,
  signedIn,
} from '../../test/step-up';

const SIGN_IN = 'POST /api/signin';

/** Refuses until somebody has signed in anew. */
function once(answer: Response): Answer {
  const answers = [needed()];
  return () => answers.shift() ?? answer.clone();
}

async function gone() {
  await waitFor(() => {
    expect(screen.queryByRole('dialog')).toBeNull();
  });
}

test('the password confirms it, the same call goes on, and the page stays as it was', async () => {
  const { server, user, heard } = await signedIn();
  await user.type(screen.getByLabelText('New todo'), 'Half a thought');
  const field = screen.getByLabelText('New todo');
  const { epoch } = session.snapshot();
  server.on(POLICY, once(json(200, policy)));
  const saving = setPolicy();
  const shown = await dialog();
  expect(within(shown).getByText('To change how long sign-ins last, confirm that it is you.')).toBeTruthy();
  expect(document.activeElement).toBe(within(shown).getByLabelText('Password'));

  await user.keyboard('Zion{Enter}');
  expect(await saving).toEqual(policy);
  await gone();
  expect(server.calls.filter(({ call }) => call === SIGN_IN).map(({ body }) => body)).toEqual([
    { username: trinity.email, password: 'Zion' },
  ]);
  expect(server.calls.filter(({ call }) => call === POLICY).map(({ body }) => body)).toEqual([
    policy,
    policy,
  ]);
  expect(session.snapshot().epoch).toBe(epoch);
  expect(screen.getByLabelText('New todo')).toBe(field);
  expect(field).toHaveProperty('value', 'Half a thought');
  await waitFor(() => {
    expect(heard).toEqual(['changed']);
  });
  await waitFor(() => {
    expect(server.headersOf('GET /api/users/me').at(-1)?.get('curfew-background')).toBe('?1');
  });
});

test.each([
  ['everybody', revokeEverybody, 'To sign everybody out, confirm that it is you.'],
  [
    'somebody',
    () => api.POST('/api/org/users/{id}/revoke', { params: { path: { id: 'x' } } }),
    'To sign somebody out, confirm that it is you.',
  ],
  ['anything else', () => api.GET('/api/todos'), 'To go on, confirm that it is you.'],
])('it says what it is for: %s', async (_, call, sentence) => {
  const { server } = await signedIn();
  for (const each of [EVERYBODY, 'POST /api/org/users/x/revoke', 'GET /api/todos']) server.on(each, needed());
  call().catch(() => undefined);
  expect(within(await dialog()).getByText(sentence)).toBeTruthy();
});

test('a wrong password is said in the field, none is asked for, and a failure can be tried again', async () => {
  const { server, user } = await signedIn();
  server.on(EVERYBODY, once(noContent()));
  server.on(SIGN_IN, problem(401, 'sign_in_failed'));
  const revoking = revokeEverybody();
  const shown = within(await dialog());
  await user.keyboard('{Enter}');
  shown.getByText('Enter your password.');
  expect(server.countOf(SIGN_IN)).toBe(0);

  await user.keyboard('Zoin{Enter}');
  const said = await shown.findByText('Sentence of sign_in_failed.');
  expect(shown.getByLabelText('Password').getAttribute('aria-describedby')).toBe(said.id);
  expect(document.activeElement).toBe(shown.getByLabelText('Password'));
  expect(session.snapshot().ended).toBe(false);

  server.on(SIGN_IN, problem(503, 'unavailable'));
  await user.keyboard('Zion{Enter}');
  await shown.findByText('Sentence of unavailable.');
  server.on(SIGN_IN, json(200, { name: trinity.name }));
  await user.click(shown.getByRole('button', { name: 'Try again' }));
  await revoking;
  expect(server.countOf(EVERYBODY)).toBe(2);
});

test.each(['Escape', 'the button'])('%s gives it up: nothing is sent, and a sentence says so', async (by) => {
  const { server, user } = await signedIn();
  server.on(EVERYBODY, needed());
  const revoking = revokeEverybody().catch((error: unknown) => error);
  const shown = await dialog();
  if (by === 'Escape') fireEvent(shown, new Event('cancel', { cancelable: true }));
  else await user.click(within(shown).getByRole('button', { name: 'Cancel' }));
  const error = await revoking;
  expect(error).toBeInstanceOf(NotConfirmedError);
  expect(explain(error as Error).sentence).toBe('Nothing was done: it needs you to confirm that it is you.');
  await gone();
  expect(server.countOf(EVERYBODY)).toBe(1);
  expect(server.countOf(SIGN_IN)).toBe(0);
});

test('several calls share one dialog and one answer', async () => {
  const { server, user } = await signedIn();
  server.on(EVERYBODY, once(noContent()));
  server.on(POLICY, once(json(200, policy)));
  const all = Promise.all([revokeEverybody(), setPolicy()]);
  await dialog();
  await waitFor(() => {
    expect(server.countOf(POLICY)).toBe(1);
  });
  expect(screen.getAllByRole('dialog')).toHaveLength(1);
  await user.keyboard('Zion{Enter}');
  await all;
  expect(server.countOf(SIGN_IN)).toBe(1);
  expect([server.countOf(EVERYBODY), server.countOf(POLICY)]).toEqual([2, 2]);
});

test('refused again, it fails with what was said, and is not tried for ever', async () => {
  const { server, user } = await signedIn();
  server.on(EVERYBODY, needed());
  const revoking = revokeEverybody().catch((error: unknown) => error);
  await dialog();
  await user.keyboard('Zion{Enter}');
  expect(await revoking).toMatchObject({ status: 403, code: 'insufficient_user_authentication' });
  expect(server.countOf(EVERYBODY)).toBe(2);
  await gone();
});

test('any other refusal is none of this', async () => {
  const { server } = await signedIn();
  server.on(EVERYBODY, problem(403, 'not_allowed'));
  await expect(revokeEverybody()).rejects.toMatchObject({ code: 'not_allowed' });
  expect(screen.queryByRole('dialog')).toBeNull();
});

test('whoever is signed out meanwhile has asked for nothing', async () => {
  const { server, queryClient } = await signedIn();
  server.on(EVERYBODY, once(noContent()));
  const revoking = revokeEverybody().catch((error: unknown) => error);
  await dialog();
  server.signedOut();
  await queryClient.invalidateQueries();
  expect(await revoking).toBeInstanceOf(SignedOutError);
  await gone();
  expect(server.countOf(EVERYBODY)).toBe(1);
});

test('a call that nobody waits for any more does not keep the dialog open', async () => {
  const { server } = await signedIn();
  server.on(EVERYBODY, needed());
  const given = new AbortController();
  const revoking = api.POST('/api/org/revoke', { signal: given.signal }).catch((error: unknown) => error);
  await dialog();
  given.abort();
  await revoking;
  await gone();
});
