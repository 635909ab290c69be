/** Calls that are under way while another one brings a new cookie. */
import { beforeEach, expect, test } from 'vitest';
import { fakeApi, json, later, noContent, problem, sessionEnded } from '../test/fake-api';
import { fakeLocks } from '../test/fake-live';
import { api, dataOf } from './client';
import { SignedOutError } from './problem';
import { cookieSettled } from './renewal';
import { session } from './session';

const body = { currentPassword: 'x', newPassword: 'y' };
const change = () => api.POST('/api/account/password', { body });
const read = () => dataOf(api.GET('/api/todos'));

beforeEach(fakeLocks);

/** Refuses the first read, as if it had come with the old cookie. */
function readsAre(...answers: Response[]) {
  return () => answers.shift() ?? json(200, { todos: [] });
}

test('a refusal is of the old cookie, and asked once more with the new one', async () => {
  const changed = later();
  const server = fakeApi({
    'POST /api/account/password': changed.promise,
    'GET /api/todos': readsAre(sessionEnded()),
  });
  const changing = change();
  const reading = read();
  changed.answer(noContent());
  await changing;
  expect(await reading).toEqual({ todos: [] });
  expect(server.countOf('GET /api/todos')).toBe(2);
  expect(session.snapshot().ended).toBe(false);
});

test('so is one that comes after the new cookie', async () => {
  const late = later();
  const answers = [late.promise];
  const server = fakeApi({
    'POST /api/account/password': noContent(),
    'GET /api/todos': () => answers.shift() ?? json(200, { todos: [] }),
  });
  const reading = read();
  await change();
  late.answer(sessionEnded());
  expect(await reading).toEqual({ todos: [] });
  expect(server.countOf('GET /api/todos')).toBe(2);
});

test('refused with the new cookie too, one is out', async () => {
  const changed = later();
  const server = fakeApi({ 'POST /api/account/password': changed.promise, 'GET /api/todos': sessionEnded() });
  const changing = change();
  const reading = read();
  changed.answer(noContent());
  await changing;
  await expect(reading).rejects.toBeInstanceOf(SignedOutError);
  expect(server.countOf('GET /api/todos')).toBe(2);
  expect(session.snapshot().ended).toBe(true);
});

test('where no new cookie came, a refusal is one', async () => {
  const changed = later();
  const server = fakeApi({ 'POST /api/account/password': changed.promise, 'GET /api/todos': sessionEnded() });
  const changing = change();
  const reading = read();
  changed.answer(problem(422, 'wrong_password'));
  await expect(changing).rejects.toMatchObject({ code: 'wrong_password' });
  await expect(reading).rejects.toBeInstanceOf(SignedOutError);
  expect(server.countOf('GET /api/todos')).toBe(1);
});

test('the call itself is refused at once', async () => {
  const server = fakeApi({ 'POST /api/account/password': sessionEnded() });
  await expect(change()).rejects.toBeInstanceOf(SignedOutError);
  expect(server.calls).toHaveLength(1);
});

test('other tabs can wait for it', async () => {
  const changed = later();
  fakeApi({ 'POST /api/account/password': changed.promise });
  const order: string[] = [];
  const changing = change().then(() => order.push('changed'));
  const settled = cookieSettled().then(() => order.push('settled'));
  changed.answer(noContent());
  await Promise.all([changing, settled]);
  expect([...order].sort()).toEqual(['changed', 'settled']);
});
