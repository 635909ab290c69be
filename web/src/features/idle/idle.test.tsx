/** The ends of a session, the whole page. The computer's clock moves by hand. */
import { act, fireEvent, screen, waitFor, within } from '@testing-library/react';
import { beforeEach, expect, onTestFinished, test, vi } from 'vitest';
import { api } from '../../api/client';
import { fakeApi, json, problem, sessionEnded, todo, trinity } from '../../test/fake-api';
import { renderApp } from '../../test/render-app';

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const ME = 'GET /api/users/me';
const WARNING = 'You will be signed out';

interface Times {
  idle?: number;
  absolute?: number;
  timeout?: number;
  /** What the server's clock is ahead of ours. */
  ahead?: number;
}

const inMs = (ms: number) => new Date(Date.now() + ms).toISOString();

/** What the API says of her session, whenever it is asked. */
function me({ idle = 30 * MINUTE, absolute = 12 * HOUR, timeout = 30 * MINUTE, ahead = 0 }: Times = {}) {
  const session = {
    ...trinity.session,
    idleExpiresAt: inMs(idle + ahead),
    expiresAt: inMs(absolute + ahead),
    idleTimeoutSeconds: timeout / SECOND,
  };
  return () => json(200, { ...trinity, session }, { date: new Date(Date.now() + ahead).toUTCString() });
}

/** The same when each question uses the session. */
const used = () => me()();

beforeEach(() => {
  // A whole second, as in the answers' dates.
  const now = Math.ceil(Date.now() / SECOND) * SECOND;
  vi.useFakeTimers({ toFake: ['Date', 'setTimeout', 'clearTimeout'], shouldAdvanceTime: true, now });
  onTestFinished(() => {
    vi.useRealTimers();
  });
});

const pass = (ms: number) => act(() => vi.advanceTimersByTimeAsync(ms));
const warning = () => screen.queryByRole('region', { name: WARNING });

async function signedIn(times?: Times) {
  const heard: unknown[] = [];
  const otherTab = new BroadcastChannel('curfew-session');
  otherTab.onmessage = ({ data }) => heard.push(data);
  onTestFinished(() => {
    otherTab.close();
  });
  const server = fakeApi();
  server.signedIn(trinity, [todo('Buy milk')]);
  server.on(ME, me(times));
  const app = renderApp('/');
  fireEvent.keyDown(window);
  await screen.findByRole('checkbox', { name: 'Buy milk' });
  const asked = () => server.headersOf(ME).map((headers) => headers.get('curfew-background'));
  expect(asked()).toEqual([null]);
  return { server, heard, otherTab, asked, ...app };
}

test('whoever is gone is warned for two minutes, and then out', async () => {
  const { asked, server, address } = await signedIn();
  await pass(27 * MINUTE);
  expect(warning()).toBeNull();
  expect(asked()).toHaveLength(1);
  await pass(1 * MINUTE);
  // Asked before, whether another tab has used it meanwhile.
  expect(asked()).toEqual([null, '?1']);
  expect(warning()?.textContent).toMatch(
    /You will be signed out in (2:00|1:[45]\d) because you have not used Curfew\./,
  );
  expect(screen.getByRole('alert').textContent).toBe(
    'You will be signed out in less than 2 minutes because you have not used Curfew.',
  );
  await pass(15 * SECOND);
  expect(screen.getByRole('timer').textContent).toMatch(/ in 1:4\d because /);
  await pass(80 * SECOND);
  expect(screen.getByRole('alert').textContent).toContain('in less than 30 seconds');
  expect(asked()).toHaveLength(2);

  server.signedOut();
  await pass(30 * SECOND);
  await screen.findByText(/You have been signed out/);
  expect(asked().slice(2)).toEqual(['?1']);
  expect(address()).toBe('/signin');
});

test('nobody is warned when another tab has used it', async () => {
  const { asked, server } = await signedIn();
  await pass(20 * MINUTE);
  server.on(ME, me());
  await pass(10 * MINUTE);
  expect(asked()).toEqual([null, '?1']);
  await pass(17 * MINUTE);
  expect(warning()).toBeNull();
  await pass(2 * MINUTE);
  expect(warning()).not.toBeNull();
});

test('a short timeout has a short warning', async () => {
  await signedIn({ idle: MINUTE, timeout: MINUTE });
  await pass(43 * SECOND);
  expect(warning()).toBeNull();
  await pass(3 * SECOND);
  expect(screen.getByRole('alert').textContent).toContain('in less than 30 seconds');
});

test('an answer that does not come does not keep the warning back', async () => {
  const { server } = await signedIn();
  server.on(ME, new Promise(() => undefined));
  await pass(28 * MINUTE + 3 * SECOND);
  expect(warning()).not.toBeNull();
});

test('the warning takes no focus, and the button keeps one signed in, in all tabs', async () => {
  const { asked, server, user, heard } = await signedIn();
  const field = screen.getByLabelText('New todo');
  await user.click(field);
  await pass(29 * MINUTE);
  expect(warning()).not.toBeNull();
  expect(document.activeElement).toBe(field);

  const stay = screen.getByRole('button', { name: 'Stay signed in' });
  // By keys alone, from where one was.
  await waitFor(async () => {
    if (document.activeElement !== stay) await user.tab({ shift: true });
    expect(document.activeElement).toBe(stay);
  });
  const before = asked().length;
  server.on(ME, used);
  await user.keyboard('{Enter}');
  await waitFor(() => {
    expect(warning()).toBeNull();
  });
  expect(asked()[before]).toBeNull();
  expect(document.activeElement).not.toBe(document.body);
  await waitFor(() => {
    expect(heard).toContain('prolonged');
  });
});

test('it can be heard and used while one is asked to confirm who one is', async () => {
  const { server, user } = await signedIn();
  server.on('POST /api/org/revoke', problem(403, 'insufficient_user_authentication', { max_age: 60 }));
  const revoking = api.POST('/api/org/revoke').catch((error: unknown) => error);
  const dialog = within(await screen.findByRole('dialog', { name: 'Confirm that it is you' }));
  expect(document.activeElement).toBe(dialog.getByLabelText('Password'));
  await pass(29 * MINUTE);
  expect(dialog.getByRole('alert').textContent).toContain('You will be signed out in less than');
  expect(screen.getAllByRole('alert')).toHaveLength(1);
  expect(document.activeElement).toBe(dialog.getByLabelText('Password'));

  server.on(ME, used);
  await user.click(dialog.getByRole('button', { name: 'Stay signed in' }));
  await waitFor(() => {
    expect(warning()).toBeNull();
  });
  await user.click(dialog.getByRole('button', { name: 'Cancel' }));
  await revoking;
});

test('and is there whether it came before the question or outlasts it', async () => {
  const { server, user } = await signedIn();
  await pass(29 * MINUTE);
  expect(warning()).not.toBeNull();
  server.on('POST /api/org/revoke', problem(403, 'insufficient_user_authentication', { max_age: 60 }));
  const revoking = api.POST('/api/org/revoke').catch((error: unknown) => error);
  const dialog = within(await screen.findByRole('dialog', { name: 'Confirm that it is you' }));
  await dialog.findByRole('button', { name: 'Stay signed in' });
  await user.click(dialog.getByRole('button', { name: 'Cancel' }));
  await revoking;
  await screen.findByRole('button', { name: 'Stay signed in' });
});

test('when it can’t be had, it says so', async () => {
  const { server, user } = await signedIn();
  await pass(29 * MINUTE);
  server.on(ME, problem(503, 'unavailable'));
  await user.click(screen.getByRole('button', { name: 'Stay signed in' }));
  await screen.findByText('Sentence of unavailable.');
  expect(warning()).not.toBeNull();
});

test('another tab’s staying takes the warning away', async () => {
  const { asked, server, otherTab } = await signedIn();
  await pass(29 * MINUTE);
  expect(warning()).not.toBeNull();
  server.on(ME, me());
  otherTab.postMessage('prolonged');
  await waitFor(() => {
    expect(warning()).toBeNull();
  });
  expect(asked().at(-1)).toBe('?1');
});

test('a pointer that merely moves leaves the warning; an act that makes a call does not', async () => {
  const { asked, server, user, heard } = await signedIn();
  await pass(29 * MINUTE);
  server.on(ME, used);
  await user.pointer([{ target: document.body }, { coords: { x: 9, y: 9 } }]);
  fireEvent.pointerMove(window);
  await pass(10 * SECOND);
  expect(warning()).not.toBeNull();
  expect(asked()).toEqual([null, '?1']);

  server.on('PUT /api/todos/id-of-Buy-milk', json(200, todo('Buy milk', { completed: true })));
  await user.click(screen.getByRole('checkbox', { name: 'Buy milk' }));
  await waitFor(() => {
    expect(warning()).toBeNull();
  });
  await waitFor(() => {
    expect(heard).toContain('prolonged');
  });
});

test('whoever types for two hours without a call is not thrown out, and asks seldom', async () => {
  const { asked, server, heard } = await signedIn();
  server.on(ME, used);
  for (let minute = 0; minute < 120; minute += 1) {
    await pass(MINUTE);
    fireEvent.keyDown(screen.getByLabelText('New todo'));
    expect(warning()).toBeNull();
  }
  await waitFor(() => {
    expect(asked().filter((each) => each === null).length).toBeGreaterThan(10);
  });
  expect(asked().filter((each) => each === null).length).toBeLessThan(20);
  expect(asked()).not.toContain('?1');
  expect(heard).toEqual([]);
});

test('the clock of the computer may be wrong', async () => {
  await signedIn({ ahead: -3 * HOUR });
  await pass(27 * MINUTE);
  expect(warning()).toBeNull();
  await pass(2 * MINUTE);
  expect(screen.getByRole('timer').textContent).toMatch(/ in (1:0[01]|0:5\d) /);
});

test('the end that nothing puts off is said five minutes before, and there is no button', async () => {
  const { server } = await signedIn({ idle: HOUR, absolute: HOUR, timeout: HOUR });
  const note = /^Your sign-in ends at \d\d:\d\d\. Sign in again to go on\.$/;
  await pass(54 * MINUTE);
  expect(screen.queryByText(note)).toBeNull();
  await pass(2 * MINUTE);
  expect(screen.getByText(note)).toBeTruthy();
  await pass(3 * MINUTE);
  expect(warning()).toBeNull();
  server.on(ME, sessionEnded());
  await pass(1 * MINUTE + SECOND);
  await screen.findByText(/You have been signed out/);
});
