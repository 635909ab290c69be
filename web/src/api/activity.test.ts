import { fireEvent } from '@testing-library/react';
import { beforeEach, expect, onTestFinished, test, vi } from 'vitest';
import { fakeApi, json } from '../test/fake-api';
import { activity } from './activity';
import { api } from './client';

const MINUTE = 60_000;

/** Makes a call: whether it counts as use of the session. */
async function callIsUse(): Promise<boolean> {
  const server = fakeApi({ 'GET /api/todos': json(200, { todos: [] }) });
  const before = activity.usedAt();
  vi.setSystemTime(Date.now() + 1);
  await api.GET('/api/todos');
  const isUse = server.headersOf('GET /api/todos')[0]?.get('curfew-background') === null;
  expect(activity.usedAt() > before).toBe(isUse);
  return isUse;
}

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['Date'] });
  onTestFinished(() => {
    vi.useRealTimers();
  });
  fireEvent.keyDown(window);
});

test('for a minute after a touch, calls are use; after that they say that they are none', async () => {
  vi.setSystemTime(Date.now() + MINUTE - 10);
  expect(await callIsUse()).toBe(true);
  vi.setSystemTime(Date.now() + 10);
  expect(await callIsUse()).toBe(false);
});

test.each([
  ['pointerdown', true],
  ['keydown', true],
  ['click', true],
  ['input', true],
  ['wheel', true],
  ['visibilitychange', true],
  ['pointermove', false],
  ['mousemove', false],
  ['scroll', false],
])('after %s: %s', async (type, isTouch) => {
  vi.setSystemTime(Date.now() + 2 * MINUTE);
  document.body.dispatchEvent(new Event(type, { bubbles: true }));
  expect(await callIsUse()).toBe(isTouch);
});

test('the window’s focus is a touch, and a focus that moves within the page is none', async () => {
  vi.setSystemTime(Date.now() + 2 * MINUTE);
  document.body.dispatchEvent(new Event('focus'));
  expect(await callIsUse()).toBe(false);
  window.dispatchEvent(new Event('focus'));
  expect(await callIsUse()).toBe(true);
});

test('a tab that goes out of sight is not touched', async () => {
  vi.setSystemTime(Date.now() + 2 * MINUTE);
  vi.spyOn(document, 'hidden', 'get').mockReturnValue(true);
  document.dispatchEvent(new Event('visibilitychange', { bubbles: true }));
  expect(await callIsUse()).toBe(false);
});

test('what is called in the background stays so, and calls of no sign-in are no use of one', async () => {
  fakeApi({ 'GET /api/signed-out': json(200, {}), 'GET /api/todos': json(200, { todos: [] }) });
  const before = activity.usedAt();
  vi.setSystemTime(Date.now() + 1);
  await api.GET('/api/signed-out');
  await api.GET('/api/todos', { headers: { 'Curfew-Background': '?1' } });
  expect(activity.usedAt()).toBe(before);
});
