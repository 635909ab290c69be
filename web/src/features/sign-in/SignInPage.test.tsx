import { act, fireEvent, screen, waitFor } from '@testing-library/react';
import type { UserEvent } from '@testing-library/user-event';
import { beforeEach, describe, expect, test, vi } from 'vitest';
import { fakeApi, json, later, problem, signInRequired, signsInAt, trinity } from '../../test/fake-api';
import { renderApp } from '../../test/render-app';
import { leaveFor } from '../../api/leave';

vi.mock('../../api/leave', () => ({ leaveFor: vi.fn() }));
beforeEach(() => {
  vi.mocked(leaveFor).mockReset();
});

const CHECK = 'POST /api/openid/check';
const SIGN_IN = 'POST /api/signin';
const LEAVING = 'Going to your company’s sign-in…';
const EMAIL = 'trinity@whiterabbit.fake';
/** Ordinary space around an address is removed by the browser itself. */
const NBSP = '\u00a0';

/** The one button that sends the form, whatever it is called at the moment. */
function button() {
  const found = document.querySelector<HTMLButtonElement>('button[type=submit]');
  if (!found) throw new Error('there is no button');
  return found;
}

async function page(path = '/signin') {
  const server = fakeApi({
    'GET /api/users/me': signInRequired(),
    'GET /api/todos': json(200, { todos: [] }),
  });
  const app = renderApp(path);
  return { server, email: await screen.findByLabelText('Email'), ...app };
}

async function passwordStep(path?: string) {
  const shown = await page(path);
  await shown.user.type(shown.email, `${EMAIL}{Enter}`);
  return { ...shown, password: await screen.findByLabelText('Password') };
}

/** What a browser does that has kept the page whole. */
function comeBack() {
  act(() => {
    window.dispatchEvent(Object.assign(new Event('pageshow'), { persisted: true }));
  });
}

describe('the address', () => {
  test('comes first: there is no password to fill in, and nobody is signed in by it', async () => {
    const { email, server } = await page();
    expect(email.getAttribute('autocomplete')).toBe('username');
    expect(document.activeElement).toBe(email);
    expect(screen.queryByLabelText('Password')).toBeNull();
    expect(button().textContent).toBe('Continue');
    expect(server.countOf(CHECK)).toBe(0);
  });

  test('is asked for where it is missing, and nothing is sent', async () => {
    const { user, email, server } = await page();
    await user.type(email, '   ');
    await user.click(button());
    expect(screen.getByText('Enter your email.').id).toBe(email.getAttribute('aria-describedby'));
    expect(document.activeElement).toBe(email);
    expect(server.countOf(CHECK)).toBe(0);
  });

  test('is asked about once while pending, without the space around it', async () => {
    const { user, email, server } = await page();
    const answer = later();
    server.on(CHECK, answer.promise);
    await user.type(email, `${NBSP}${EMAIL}${NBSP}{Enter}`);
    expect(button().disabled).toBe(true);
    await user.type(email, '{Enter}');
    fireEvent.submit(email);
    answer.answer(signsInAt(null));
    await screen.findByLabelText('Password');
    expect(server.calls.filter(({ call }) => call === CHECK)).toEqual([
      { call: CHECK, body: { username: EMAIL } },
    ]);
  });

  test.each([
    ['a failure', () => problem(503, 'unavailable', { request_id: 'req-3' }), 'Sentence of unavailable.'],
    [
      'too many questions',
      () => problem(429, 'too_many', { request_id: 'req-3' }, { 'retry-after': '30' }),
      'Sentence of too_many. Try again in 30 seconds.',
    ],
    ['no network', () => new TypeError('Failed to fetch'), /can’t be reached/],
  ])('survives %s, and trying again asks again', async (_, failure, sentence) => {
    const { user, email, server } = await page();
    server.on(CHECK, failure());
    await user.type(email, `${EMAIL}{Enter}`);
    const alert = (await screen.findByText(sentence)).closest('[role=alert]');
    expect(alert?.contains(document.activeElement) || document.activeElement?.contains(alert)).toBe(true);
    expect(email).toHaveProperty('value', EMAIL);
    expect(screen.queryByLabelText('Password')).toBeNull();

    server.on(CHECK, signsInAt(null));
    await user.click(screen.getByRole('button', { name: 'Try again' }));
    await screen.findByLabelText('Password');
    expect(screen.queryByRole('alert')).toBeNull();
  });

  test('gets its answer even if the page finds out meanwhile that nobody is signed in', async () => {
    const who = later();
    const server = fakeApi({ 'GET /api/users/me': who.promise });
    const { user } = renderApp('/signin');
    const check = later();
    server.on(CHECK, check.promise);
    await user.type(await screen.findByLabelText('Email'), `${EMAIL}{Enter}`);
    who.answer(signInRequired());
    await act(() => who.promise);
    check.answer(signsInAt(null));
    await screen.findByLabelText('Password');
  });
});

describe('the provider', () => {
  test('is gone to, with the address and the way back', async () => {
    const { user, email, server } = await page('/signin?next=%2F%3Fshow%3Dopen');
    server.on(CHECK, signsInAt('whiterabbit.fake'));
    await user.type(email, ' neo+1@whiterabbit.fake{Enter}');
    await waitFor(() => {
      expect(leaveFor).toHaveBeenCalledTimes(1);
    });
    const address = vi.mocked(leaveFor).mock.calls[0]?.[0] ?? '';
    expect(address.startsWith('/openid/start/whiterabbit.fake?')).toBe(true);
    expect(Object.fromEntries(new URL(address, window.location.origin).searchParams)).toEqual({
      login_hint: 'neo+1@whiterabbit.fake',
      next: '/signed-in?next=%2F%3Fshow%3Dopen',
    });

    expect(button().textContent).toBe(LEAVING);
    expect(button().disabled).toBe(true);
    expect(document.querySelector('[aria-live=polite]')?.textContent).toBe(LEAVING);
    await user.type(email, '{Enter}');
    expect(server.countOf(CHECK)).toBe(1);
    expect(screen.queryByLabelText('Password')).toBeNull();
  });

  test('is not gone to for an address that has been changed since', async () => {
    const { user, email, server } = await page();
    const answers = [later(), later()];
    server.on(CHECK, () => answers[server.countOf(CHECK) - 1]?.promise ?? expect.unreachable());
    await user.type(email, `${EMAIL}{Enter}`);
    await user.clear(email);
    await user.type(email, 'bobby@tables.fake');
    expect(button().disabled).toBe(false);
    answers[0]?.answer(signsInAt('whiterabbit.fake'));
    await act(async () => answers[0]?.promise);
    expect(button().textContent).toBe('Continue');

    await user.keyboard('{Enter}');
    answers[1]?.answer(signsInAt(null));
    await screen.findByLabelText('Password');
    expect(leaveFor).not.toHaveBeenCalled();
  });

  test.each<[string, (user: UserEvent, email: HTMLElement) => unknown]>([
    ['“back” brings the page as it was', comeBack],
    [
      'the way there was stopped and the address is edited',
      (user, email) => user.type(email, 'x{Backspace}'),
    ],
  ])('may be gone to again when %s', async (_, back) => {
    const { user, email, server } = await page();
    server.on(CHECK, signsInAt('whiterabbit.fake'));
    await user.type(email, `${EMAIL}{Enter}`);
    await screen.findByRole('button', { name: LEAVING });
    await back(user, email);
    expect(button().textContent).toBe('Continue');
    expect(email).toHaveProperty('value', EMAIL);
    await user.click(button());
    await screen.findByRole('button', { name: LEAVING });
    expect(leaveFor).toHaveBeenCalledTimes(2);
  });
});

describe('the password', () => {
  test('is asked for below, focused, announced, in a form that a password manager knows', async () => {
    const { email, password } = await passwordStep();
    expect(document.activeElement).toBe(password);
    expect(password.getAttribute('autocomplete')).toBe('current-password');
    expect(password.getAttribute('type')).toBe('password');
    expect(password.closest('form')).toBe(email.closest('form'));
    expect(email.compareDocumentPosition(password)).toBe(Node.DOCUMENT_POSITION_FOLLOWING);
    expect(document.querySelector('[aria-live=polite]')?.textContent).toBe('Now your password.');
    expect(button().textContent).toBe('Sign in');
    expect(leaveFor).not.toHaveBeenCalled();
  });

  test('is taken away with what is in it when the address becomes another', async () => {
    const { user, email, password, server } = await passwordStep();
    await user.type(password, 'Zion');
    // Space around it is no other address.
    await user.type(email, NBSP);
    expect(screen.getByLabelText('Password')).toHaveProperty('value', 'Zion');

    await user.type(email, '{Backspace}x');
    expect(screen.queryByLabelText('Password')).toBeNull();
    expect(button().textContent).toBe('Continue');
    await user.keyboard('{Enter}');
    expect(await screen.findByLabelText('Password')).toHaveProperty('value', '');
    expect(server.countOf(CHECK)).toBe(2);
    expect(server.countOf(SIGN_IN)).toBe(0);
  });

  test('is asked for where it is missing, and nothing is sent', async () => {
    const { user, password, server } = await passwordStep();
    await user.click(button());
    expect(screen.getByText('Enter your password.').id).toBe(password.getAttribute('aria-describedby'));
    expect(document.activeElement).toBe(password);
    expect(server.countOf(SIGN_IN)).toBe(0);
  });

  test('that is wrong says the API’s sentence, keeps what was typed and is focused', async () => {
    const { user, email, password, server, address } = await passwordStep('/signin?next=%2F%3Fshow%3Dopen');
    server.on(SIGN_IN, problem(401, 'sign_in_failed', { detail: 'They don’t match.' }));
    await user.type(password, 'zion{Enter}');
    const sentence = await screen.findByText('They don’t match.');
    expect(sentence.closest('[aria-live]')).toBeTruthy();
    expect(document.activeElement).toBe(password);
    expect(email).toHaveProperty('value', EMAIL);
    expect(password).toHaveProperty('value', 'zion');
    expect(address()).toBe('/signin?next=%2F%3Fshow%3Dopen');

    await user.type(email, 'x');
    expect(screen.queryByText('They don’t match.')).toBeNull();
  });

  test('can’t be sent twice while pending, nor the address be changed under it', async () => {
    const { user, email, password, server } = await passwordStep();
    const answer = later();
    server.on(SIGN_IN, answer.promise);
    await user.type(password, 'Zion{Enter}');
    expect(button().disabled).toBe(true);
    await user.type(password, '{Enter}');
    fireEvent.submit(email);
    await user.type(email, 'x');
    expect(email).toHaveProperty('value', EMAIL);
    server.signedIn(trinity);
    answer.answer(json(200, { name: 'Trinity' }));
    await screen.findByText('Nothing to do.');
    expect(server.calls.filter(({ call }) => call === SIGN_IN)).toEqual([
      { call: SIGN_IN, body: { username: EMAIL, password: 'Zion' } },
    ]);
  });

  test('that is throttled says how long to wait, and trying again sends what is typed', async () => {
    const { user, password, server } = await passwordStep();
    const wait = problem(429, 'too_many', { request_id: 'req-9' }, { 'retry-after': '30' });
    server.on(SIGN_IN, wait);
    await user.type(password, 'Zion{Enter}');
    await screen.findByText('Sentence of too_many. Try again in 30 seconds.');
    expect(screen.getByText('req-9')).toBeTruthy();
    server.signedIn(trinity);
    await user.click(screen.getByRole('button', { name: 'Try again' }));
    await screen.findByText('Nothing to do.');
    expect(server.countOf(CHECK)).toBe(1);
  });

  test('does not wait in a page that the browser brings back whole', async () => {
    const { user, email, password } = await passwordStep();
    await user.type(password, 'Zion');
    comeBack();
    expect(screen.queryByLabelText('Password')).toBeNull();
    await user.type(email, '{Enter}');
    expect(await screen.findByLabelText('Password')).toHaveProperty('value', '');
  });
});

test('somebody who is signed in already is sent on', async () => {
  const server = fakeApi();
  server.signedIn(trinity);
  const { address } = renderApp('/signin?next=%2Faccount%2Fpassword');
  await screen.findByRole('heading', { name: 'Change password' });
  expect(address()).toBe('/account/password');
});

test.each(['//evil.example', '/\\evil.example', 'https://evil.example/', '/\t/evil.example'])(
  'after signing in, next=%j leads nowhere but home',
  async (next) => {
    const { user, password, server, address } = await passwordStep(
      `/signin?next=${encodeURIComponent(next)}`,
    );
    server.signedIn(trinity);
    await user.type(password, 'Zion{Enter}');
    await screen.findByText('Nothing to do.');
    expect(address()).toBe('/');
  },
);
