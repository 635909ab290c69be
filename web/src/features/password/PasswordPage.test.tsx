import { screen } from '@testing-library/react';
import { expect, test } from 'vitest';
import { fakeApi, niobe, noContent, problem, trinity } from '../../test/fake-api';
import { renderApp } from '../../test/render-app';

async function page() {
  const server = fakeApi();
  server.signedIn(trinity);
  const app = renderApp('/account/password');
  const current = await screen.findByLabelText('Current password');
  return { server, current, next: screen.getByLabelText('New password'), ...app };
}

test('a short new password is refused before it is sent', async () => {
  const { user, current, next, server } = await page();
  await user.type(current, 'Zion');
  await user.type(next, 'too short{Enter}');
  expect(screen.getByText('Choose one of at least 15 characters.')).toBeTruthy();
  expect(document.activeElement).toBe(next);
  expect(server.countOf('POST /api/account/password')).toBe(0);
});

test('a wrong current password is said at its field', async () => {
  const { user, current, next, server } = await page();
  server.on('POST /api/account/password', problem(403, 'wrong_password', { detail: 'That is not it.' }));
  await user.type(current, 'zion');
  await user.type(next, 'a long enough password{Enter}');
  expect((await screen.findByText('That is not it.')).id).toBe(current.getAttribute('aria-describedby'));
  expect(document.activeElement).toBe(current);
});

test('the API’s word about the new password is said at its field', async () => {
  const { user, current, next, server } = await page();
  const errors = [{ field: 'newPassword', code: 'breached', message: 'Everybody uses that one.' }];
  server.on('POST /api/account/password', problem(400, 'invalid', { errors }));
  await user.type(current, 'Zion');
  await user.type(next, 'password password{Enter}');
  expect((await screen.findByText('Everybody uses that one.')).closest('form')).toBeTruthy();
  expect(document.activeElement).toBe(next);
});

test('a change is confirmed and the fields are emptied', async () => {
  const { user, current, next, server } = await page();
  server.on('POST /api/account/password', noContent());
  await user.type(current, 'Zion');
  await user.type(next, 'a long enough password{Enter}');
  await screen.findByText('Your password is changed. Your other sign-ins are ended.');
  expect(server.calls.at(-1)?.body).toEqual({
    currentPassword: 'Zion',
    newPassword: 'a long enough password',
  });
  expect([current, next].map((field) => (field as HTMLInputElement).value)).toEqual(['', '']);
});

test('somebody of whom a provider keeps the password is told so, and has nothing to fill in', async () => {
  const server = fakeApi();
  server.signedIn(niobe);
  renderApp('/account/password');
  await screen.findByText(/^Your company’s sign-in provider keeps your password/);
  expect(screen.getByRole('heading', { name: 'Change password' })).toBeTruthy();
  expect(document.querySelector('form, input')).toBeNull();
  expect(screen.getByRole('link', { name: 'Back to your todos' })).toBeTruthy();
});

test.each([
  ['offered with a password of one’s own', trinity, 1],
  ['not offered to somebody who came through a provider', niobe, 0],
])('a change of password is %s', async (_, person, links) => {
  const server = fakeApi();
  server.signedIn(person);
  renderApp('/');
  await screen.findByText('Nothing to do.');
  expect(screen.queryAllByRole('link', { name: 'Change password' })).toHaveLength(links);
});
