/** The same by way of the company's provider: away with what was asked for, and back to do it once. */
import { act, screen, waitFor } from '@testing-library/react';
import { beforeEach, expect, onTestFinished, test, vi } from 'vitest';
import { api } from '../../api/client';
import { leaveFor } from '../../api/leave';
import { session } from '../../api/session';
import { bobby, json, later, left, niobe, problem, type Answer } from '../../test/fake-api';
import {
  arriveAt,
  away,
  EVERYBODY,
  expectNothingSent,
  needed,
  NOTHING_DONE,
  POLICY,
  policy,
  revokeEverybody,
  setPolicy,
  signedIn,
} from '../../test/step-up';

vi.mock('../../api/leave', () => ({ leaveFor: vi.fn() }));

beforeEach(() => {
  vi.mocked(leaveFor).mockReset();
});

test('the provider confirms it: away with what was asked for, sealed, and back to do it once', async () => {
  const { start, back } = await away();
  expect(start.pathname).toBe('/openid/start/whiterabbit.fake');
  expect(start.searchParams.get('max_age')).toBe('60');
  expect(start.searchParams.get('login_hint')).toBe(niobe.email);
  expect(back).toMatch(/^\/signed-in\?next=%2F%3Fshow%3Dopen&ticket=[0-9a-f-]{36}$/);
  expect(sessionStorage.length).toBe(1);
  const [item] = Object.values<string>(sessionStorage);
  expect(item).not.toMatch(/policy|idleTimeout/);

  const { server, address, close } = await arriveAt(back);
  await screen.findByText('How long sign-ins last is changed.');
  expect(server.calls.filter(({ call }) => call === POLICY).map(({ body }) => body)).toEqual([policy]);
  expect(address()).toBe('/?show=open');
  expect(sessionStorage.length).toBe(0);
  // What is shown may be out of date by it.
  await waitFor(() => {
    expect(server.countOf('GET /api/todos')).toBeGreaterThan(1);
  });
  close();
  const again = await arriveAt(back);
  await expectNothingSent(again.server);
});

test('gone before it is sent', async () => {
  const { back } = await away();
  const answer = later();
  const { server } = await arriveAt(back, niobe, answer.promise);
  await waitFor(() => {
    expect(server.countOf(POLICY)).toBe(1);
  });
  expect(sessionStorage.length).toBe(0);
  expect(localStorage.length).toBe(0);
});

test('a failure is said', async () => {
  const { back } = await away();
  await arriveAt(back, niobe, problem(409, 'odd'));
  await screen.findByText('Sentence of odd.');
});

const DONE = 'How long sign-ins last is changed.';

/** Back from the provider, by which the call has gone on. */
async function backWithOutcome(answer: Answer = json(200, policy), said = DONE) {
  const { back } = await away();
  const app = await arriveAt(back, niobe, answer);
  await screen.findByText(said);
  return app;
}

test('what came of it can be put away', async () => {
  const { user } = await backWithOutcome();
  const dismiss = screen.getByRole('button', { name: `Dismiss: ${DONE}` });
  dismiss.focus();
  await user.keyboard('{Enter}');
  expect(screen.queryByText(DONE)).toBeNull();
  expect(document.activeElement).toBe(screen.getByRole('heading', { level: 1 }));
});

test('and is gone on another page, but not by what is shown of this one', async () => {
  const { router, user } = await backWithOutcome(problem(409, 'odd'), 'Sentence of odd.');
  await user.click(screen.getByRole('link', { name: 'All' }));
  await waitFor(() => {
    expect(router.state.location.search).not.toHaveProperty('show', 'open');
  });
  expect(screen.getByText('Sentence of odd.')).toBeTruthy();
  await act(() => router.navigate({ to: '/account/password' }));
  await screen.findByRole('heading', { name: 'Change password' });
  expect(screen.queryByText('Sentence of odd.')).toBeNull();
});

test('and when the same is done anew, but not by anything else', async () => {
  await backWithOutcome();
  await act(() => revokeEverybody());
  await act(() => api.GET('/api/todos'));
  expect(screen.getByText(DONE)).toBeTruthy();
  await act(() => setPolicy());
  expect(screen.queryByText(DONE)).toBeNull();
});

test('that nothing was done is no news once something is', async () => {
  const { back } = await away();
  await arriveAt(back, niobe, json(200, policy), problem(503, 'unavailable'));
  await screen.findByText(NOTHING_DONE);
  await act(() => setPolicy());
  expect(screen.queryByText(NOTHING_DONE)).toBeNull();
});

test('a tab that was duplicated on the way does nothing a second time', async () => {
  const { back } = await away();
  const copy = Object.entries<string>(sessionStorage);
  const { close } = await arriveAt(back);
  await screen.findByText('How long sign-ins last is changed.');
  close();
  for (const [name, item] of copy) sessionStorage.setItem(name, item);
  const { server } = await arriveAt(back);
  await expectNothingSent(server, true);
});

test.each<[string, (back: string) => string]>([
  ['a link that knows no ticket', () => '/signed-in?next=%2F'],
  [
    'a link with a made-up one',
    (back) => back.replace(/ticket=.*/, 'ticket=0190a000-0000-7000-8000-000000000000'),
  ],
  ['the page itself', () => '/'],
])('%s sets nothing going, and ends the wait', async (_, from) => {
  const { back } = await away();
  const { server } = await arriveAt(from(back));
  await expectNothingSent(server);
  if (!from(back).includes('ticket')) expect(sessionStorage.length).toBe(0);
});

test('it is done for nobody else', async () => {
  const { back } = await away();
  const { server } = await arriveAt(back, bobby);
  await expectNothingSent(server);
});

test('it waits for ten minutes', async () => {
  const { back } = await away();
  vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 11 * 60_000 });
  onTestFinished(() => {
    vi.useRealTimers();
  });
  const { server } = await arriveAt(back);
  await expectNothingSent(server, true);
});

test('what can’t be opened, for want of the key, is given up for good, and that is said', async () => {
  const { back } = await away();
  const { server, close } = await arriveAt(back, niobe, json(200, policy), problem(503, 'unavailable'));
  await screen.findByText(NOTHING_DONE);
  expect(server.countOf(POLICY)).toBe(0);
  expect(sessionStorage.length + localStorage.length).toBe(0);
  close();
  await expectNothingSent((await arriveAt(back)).server);
});

test('what merely asks is not done on the way back', async () => {
  const dryRun = () => api.POST('/api/org/revoke', { params: { query: { dry_run: true } } });
  const { back } = await away(niobe, dryRun, EVERYBODY);
  expect(back).toBe('/signed-in?next=%2F%3Fshow%3Dopen');
  expect(sessionStorage.length).toBe(0);
});

test('without a key it is not kept, and the provider is gone to all the same', async () => {
  const app = await signedIn(niobe);
  session.doubt();
  app.server.on('GET /api/account/draft-key', problem(503, 'unavailable'));
  await screen.findByRole('checkbox', { name: 'Buy milk' });
  app.server.on(POLICY, needed());
  setPolicy().catch(() => undefined);
  await app.user.click(await screen.findByRole('button', { name: 'Continue at White Rabbit' }));
  await waitFor(() => {
    expect(leaveFor).toHaveBeenCalledWith(expect.not.stringContaining('ticket'));
  });
});

test('one’s own sign-out takes it along', async () => {
  const { server, user, back, close } = await away(niobe, setPolicy, POLICY, 'stays');
  server.on('POST /api/signout', left());
  await user.click(screen.getByRole('button', { name: 'Sign out', hidden: true }));
  await user.click(screen.getByRole('button', { name: 'Sign out of Curfew', hidden: true }));
  await screen.findByRole('heading', { name: 'You are signed out' });
  expect(sessionStorage.length + localStorage.length).toBe(0);
  close();
  await expectNothingSent((await arriveAt(back)).server);
});
