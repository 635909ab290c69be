/** Calls that are under way while another one brings a new cookie. */
import { beforeEach, expect, onTestFinished, test, vi } from 'vitest';
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

/** Signs in, or tries to, in another tab: the lock, and the word that goes before it is let go. */
function inAnotherTab() {
  const done = later();
  void navigator.locks.request('curfew-cookie', {}, () => done.promise);
  const tab = new BroadcastChannel('curfew-cookie');
  const third = new BroadcastChannel('curfew-cookie');
  const heard = new Promise((resolve) => (third.onmessage = resolve));
  onTestFinished(() => {
    tab.close();
    third.close();
  });
  return {
    hasNewCookie: async () => {
      tab.postMessage(null);
      await heard;
      await new Promise((resolve) => setTimeout(resolve));
    },
    end: () => {
      done.answer(new Response());
    },
  };
}

test('a refusal while another tab brings a new cookie is asked once more when it is there', async () => {
  const server = fakeApi({ 'GET /api/todos': readsAre(sessionEnded()) });
  const other = inAnotherTab();
  const reading = read();
  await vi.waitFor(() => {
    expect(server.countOf('GET /api/todos')).toBe(1);
  });
  await other.hasNewCookie();
  expect(server.countOf('GET /api/todos')).toBe(1);
  other.end();
  expect(await reading).toEqual({ todos: [] });
  expect(server.countOf('GET /api/todos')).toBe(2);
  expect(session.snapshot().ended).toBe(false);
});

test('so is one that comes after another tab’s new cookie', async () => {
  const late = later();
  const answers = [late.promise];
  fakeApi({ 'GET /api/todos': () => answers.shift() ?? json(200, { todos: [] }) });
  const other = inAnotherTab();
  const reading = read();
  await other.hasNewCookie();
  other.end();
  late.answer(sessionEnded());
  expect(await reading).toEqual({ todos: [] });
});

test('where none came in another tab, or before one asked, a refusal is one', async () => {
  const server = fakeApi({ 'GET /api/todos': sessionEnded() });
  const other = inAnotherTab();
  await other.hasNewCookie();
  const reading = read();
  other.end();
  await expect(reading).rejects.toBeInstanceOf(SignedOutError);
  expect(server.calls).toHaveLength(1);
});

test('a call that hangs in another tab keeps no refusal back for ever', async () => {
  const patience = new AbortController();
  const timeout = vi.spyOn(AbortSignal, 'timeout').mockReturnValueOnce(patience.signal);
  const server = fakeApi({ 'GET /api/todos': sessionEnded() });
  inAnotherTab();
  const reading = read();
  await vi.waitFor(() => {
    expect(timeout).toHaveBeenCalledOnce();
  });
  expect(session.snapshot().ended).toBe(false);
  patience.abort();
  await expect(reading).rejects.toBeInstanceOf(SignedOutError);
  expect(server.calls).toHaveLength(1);
});

test('the other tabs are told before the lock is let go', async () => {
  const order: string[] = [];
  vi.spyOn(BroadcastChannel.prototype, 'postMessage').mockImplementation(() => {
    order.push('told');
  });
  fakeApi({ 'POST /api/account/password': noContent() });
  const changing = change();
  await cookieSettled();
  order.push('let go');
  await changing;
  expect(order).toEqual(['told', 'let go']);
});
