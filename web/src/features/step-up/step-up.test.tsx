/** Calls that the API takes only from somebody who has just proved who they are: the whole page. */
import { act, fireEvent, screen, waitFor, within } from '@testing-library/react';
import { beforeEach, expect, onTestFinished, test, vi } from 'vitest';
import { api, dataOf } from '../../api/client';
import { leaveFor } from '../../api/leave';
import { explain, NotConfirmedError, SignedOutError } from '../../api/problem';
import { session } from '../../api/session';
import {
  bobby,
  draftKey,
  fakeApi,
  json,
  later,
  left,
  niobe,
  noContent,
  problem,
  todo,
  trinity,
  type Answer,
} from '../../test/fake-api';
import { renderApp } from '../../test/render-app';

vi.mock('../../api/leave', () => ({ leaveFor: vi.fn() }));

beforeEach(() => {
  vi.mocked(leaveFor).mockReset();
});

const EVERYBODY = 'POST /api/org/revoke';
const POLICY = 'PUT /api/org/policy';
const SIGN_IN = 'POST /api/signin';
const NOTHING_DONE = 'Nothing was done here. Do it again if you still want it.';
const policy = {
  idleTimeoutSeconds: 60,
  absoluteLifetimeSeconds: 3600,
  privilegedAuthAgeSeconds: 60,
  endsProviderSession: false,
};

const needed = (maxAge = 900) => problem(403, 'insufficient_user_authentication', { max_age: maxAge });
const revokeEverybody = () => api.POST('/api/org/revoke');
const setPolicy = () => dataOf(api.PUT('/api/org/policy', { body: policy }));

/** Refuses until somebody has signed in anew. */
function once(answer: Response): Answer {
  const answers = [needed()];
  return () => answers.shift() ?? answer.clone();
}

async function signedIn(person = trinity) {
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

const dialog = () => screen.findByRole('dialog', { name: 'Confirm that it is you' });

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

/** Goes to the provider with a call, and returns the address of the way back. */
async function away(
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
async function arriveAt(
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
async function expectNothingSent(server: Awaited<ReturnType<typeof arriveAt>>['server'], isSaid = false) {
  await new Promise((resolve) => setTimeout(resolve, 100));
  expect(server.countOf(POLICY)).toBe(0);
  expect(screen.queryByText(NOTHING_DONE) !== null).toBe(isSaid);
}

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
