import { screen } from '@testing-library/react';
import { expect, test } from 'vitest';
import { fakeApi, json, later, problem, signInRequired, trinity } from '../../test/fake-api';
import { renderApp } from '../../test/render-app';

async function page(path = '/signin') {
  const server = fakeApi({
    'GET /api/users/me': signInRequired(),
    'GET /api/todos': json(200, { todos: [] }),
  });
  const app = renderApp(path);
  const email = await screen.findByLabelText('Email');
  const password = screen.getByLabelText('Password');
  return { server, email, password, button: screen.getByRole('button', { name: 'Sign in' }), ...app };
}

test('the fields are ones a password manager knows', async () => {
  const { email, password } = await page();
  expect(email.getAttribute('autocomplete')).toBe('username');
  expect(password.getAttribute('autocomplete')).toBe('current-password');
  expect(password.getAttribute('type')).toBe('password');
  expect(document.activeElement).toBe(email);
});

test('a missing field is named and focused, and nothing is sent', async () => {
  const { user, email, password, button, server } = await page();
  await user.click(button);
  expect(screen.getByText('Enter your email.').id).toBe(email.getAttribute('aria-describedby'));
  expect(document.activeElement).toBe(email);
  await user.type(email, 'trinity@whiterabbit.fake{Enter}');
  expect(screen.getByText('Enter your password.')).toBeTruthy();
  expect(document.activeElement).toBe(password);
  expect(server.countOf('POST /api/signin')).toBe(0);
});

test('a wrong password says the API’s sentence, keeps what was typed and focuses the password', async () => {
  const { user, email, password, server, address } = await page('/signin?next=%2F%3Fshow%3Dopen');
  server.on('POST /api/signin', problem(401, 'sign_in_failed', { detail: 'They don’t match.' }));
  await user.type(email, 'trinity@whiterabbit.fake');
  await user.type(password, 'zion{Enter}');
  const sentence = await screen.findByText('They don’t match.');
  expect(sentence.closest('[aria-live]')).toBeTruthy();
  expect(document.activeElement).toBe(password);
  expect(email).toHaveProperty('value', 'trinity@whiterabbit.fake');
  expect(address()).toBe('/signin?next=%2F%3Fshow%3Dopen');
});

test('it can’t be sent twice while pending', async () => {
  const { user, email, password, button, server } = await page();
  const answer = later();
  server.on('POST /api/signin', answer.promise);
  await user.type(email, ' trinity@whiterabbit.fake ');
  await user.type(password, 'Zion{Enter}');
  expect(button).toHaveProperty('disabled', true);
  await user.type(password, '{Enter}');
  server.signedIn(trinity);
  answer.answer(json(200, { name: 'Trinity' }));
  await screen.findByText('Nothing to do.');
  expect(server.calls.filter(({ call }) => call === 'POST /api/signin')).toEqual([
    { call: 'POST /api/signin', body: { username: 'trinity@whiterabbit.fake', password: 'Zion' } },
  ]);
});

test('a throttled sign-in says how long to wait, and trying again sends what is typed', async () => {
  const { user, email, password, server } = await page();
  const wait = problem(429, 'too_many', { request_id: 'req-9' }, { 'retry-after': '30' });
  server.on('POST /api/signin', wait);
  await user.type(email, 'trinity@whiterabbit.fake');
  await user.type(password, 'Zion{Enter}');
  await screen.findByText('Sentence of too_many. Try again in 30 seconds.');
  expect(screen.getByText('req-9')).toBeTruthy();
  server.signedIn(trinity);
  await user.click(screen.getByRole('button', { name: 'Try again' }));
  await screen.findByText('Nothing to do.');
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
    const { user, email, password, server, address } = await page(`/signin?next=${encodeURIComponent(next)}`);
    server.signedIn(trinity);
    await user.type(email, 'trinity@whiterabbit.fake');
    await user.type(password, 'Zion{Enter}');
    await screen.findByText('Nothing to do.');
    expect(address()).toBe('/');
  },
);
