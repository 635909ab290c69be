import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { fakeApi, later, problem } from '../test/fake-api';
import { fakeLocks, fakeStreams } from '../test/fake-live';
import { holdLive } from './live';

const SECOND = 1000;
const CALL = 'GET /api/live';

let drop: () => void = () => undefined;

function hold(onEnded: () => Promise<void> = () => Promise.resolve()) {
  drop = holdLive(onEnded);
}

beforeEach(() => {
  vi.useFakeTimers();
  fakeLocks();
  // Neither the shortest pause nor the longest.
  vi.spyOn(Math, 'random').mockReturnValue(0.5);
});

afterEach(() => {
  drop();
  vi.useRealTimers();
});

const pass = (ms: number) => vi.advanceTimersByTimeAsync(ms);

test('an end is heard wherever its words are cut, and the stream begins anew after it was asked about', async () => {
  const streams = fakeStreams();
  fakeApi({ [CALL]: streams.answer });
  const asked = later();
  const onEnded = vi.fn(async () => {
    await asked.promise;
  });
  hold(onEnded);
  await pass(0);
  for (const part of [': alive\n\n', 'event: en', 'ded\nda', 'ta: {}\n']) streams.send(part);
  await pass(0);
  expect(onEnded).not.toHaveBeenCalled();
  streams.send('\n');
  await pass(0);
  expect(onEnded).toHaveBeenCalledOnce();

  await pass(60 * SECOND);
  expect(streams.begun()).toBe(1);
  asked.answer(new Response());
  await pass(2 * SECOND);
  expect(streams.begun()).toBe(2);
});

test('other events and mere signs of life mean nothing', async () => {
  const streams = fakeStreams();
  fakeApi({ [CALL]: streams.answer });
  const onEnded = vi.fn(() => Promise.resolve());
  hold(onEnded);
  await pass(0);
  for (let each = 0; each < 20; each += 1) {
    streams.send(': alive\n\ndata: ended\n\nevent: odd\ndata: {}\n\n');
    await pass(15 * SECOND);
  }
  expect(onEnded).not.toHaveBeenCalled();
  expect(streams.begun()).toBe(1);
});

test('a stream that falls silent is dead', async () => {
  const streams = fakeStreams();
  fakeApi({ [CALL]: streams.answer });
  hold();
  await pass(40 * SECOND);
  streams.send(': alive\n\n');
  await pass(44 * SECOND);
  expect(streams.hungUp()).toBe(0);
  await pass(1 * SECOND);
  expect(streams.hungUp()).toBe(1);
  await pass(1 * SECOND);
  expect(streams.begun()).toBe(2);
});

test('so is one that never begins', async () => {
  const server = fakeApi({
    [CALL]: ({ signal }) =>
      new Promise((_, reject) => {
        signal.addEventListener('abort', () => {
          reject(new DOMException('aborted', 'AbortError'));
        });
      }),
  });
  hold();
  await pass(46 * SECOND);
  expect(server.countOf(CALL)).toBe(2);
});

test('the pauses between failures double, up to half a minute', async () => {
  const server = fakeApi({ [CALL]: problem(503, 'unavailable') });
  hold();
  await pass(0);
  let calls = 1;
  for (const seconds of [1, 2, 4, 8, 16, 30, 30]) {
    await pass(seconds * SECOND - 1);
    expect(server.countOf(CALL)).toBe(calls);
    await pass(1);
    calls += 1;
    expect(server.countOf(CALL)).toBe(calls);
  }
});

test.each([
  [0, 500],
  [0.999, 1499],
])('and are never the same for all: with %d it is %d ms', async (random, ms) => {
  vi.spyOn(Math, 'random').mockReturnValue(random);
  const server = fakeApi({ [CALL]: new TypeError('Failed to fetch') });
  hold();
  await pass(ms - 1);
  expect(server.countOf(CALL)).toBe(1);
  await pass(1);
  expect(server.countOf(CALL)).toBe(2);
});

test('after a good stream they begin anew', async () => {
  const streams = fakeStreams();
  const server = fakeApi({ [CALL]: problem(503, 'unavailable') });
  hold();
  await pass(7 * SECOND);
  expect(server.countOf(CALL)).toBe(4);
  server.on(CALL, streams.answer);
  await pass(8 * SECOND);
  await pass(12 * SECOND);
  streams.end();
  await pass(1 * SECOND);
  expect(streams.begun()).toBe(2);
});

test('a network that is back, or somebody who looks, cuts a pause short', async () => {
  const server = fakeApi({ [CALL]: new TypeError('Failed to fetch') });
  hold();
  await pass(0);
  window.dispatchEvent(new Event('online'));
  await pass(0);
  expect(server.countOf(CALL)).toBe(2);
  document.dispatchEvent(new Event('visibilitychange'));
  await pass(0);
  expect(server.countOf(CALL)).toBe(3);
  vi.spyOn(document, 'hidden', 'get').mockReturnValue(true);
  document.dispatchEvent(new Event('visibilitychange'));
  await pass(0);
  expect(server.countOf(CALL)).toBe(3);
});

test('after "too many" it waits for a minute, whatever happens', async () => {
  const server = fakeApi({ [CALL]: problem(429, 'too_many_streams') });
  hold();
  await pass(0);
  window.dispatchEvent(new Event('online'));
  document.dispatchEvent(new Event('visibilitychange'));
  await pass(60 * SECOND);
  expect(server.countOf(CALL)).toBe(1);
  await pass(15 * SECOND);
  expect(server.countOf(CALL)).toBe(2);
});

test('one tab at a time holds it, and the next takes over', async () => {
  const streams = fakeStreams();
  fakeApi({ [CALL]: streams.answer });
  const otherTab = later();
  void navigator.locks.request('curfew-live', {}, () => otherTab.promise);
  hold();
  await pass(60 * SECOND);
  expect(streams.begun()).toBe(0);
  otherTab.answer(new Response());
  await pass(0);
  expect(streams.begun()).toBe(1);

  let isFree = false;
  void navigator.locks.request('curfew-live', {}, () => {
    isFree = true;
    return Promise.resolve();
  });
  await pass(0);
  expect(isFree).toBe(false);
  drop();
  await pass(0);
  expect(isFree).toBe(true);
  expect(streams.hungUp()).toBe(1);
});

test.each(['while it waits for its turn', 'in a pause'])('dropped %s, it comes to nothing', async (when) => {
  const server = fakeApi({ [CALL]: problem(503, 'unavailable') });
  const otherTab = later();
  if (when.includes('turn')) void navigator.locks.request('curfew-live', {}, () => otherTab.promise);
  hold();
  await pass(0);
  drop();
  otherTab.answer(new Response());
  await pass(60 * SECOND);
  expect(server.countOf(CALL)).toBe(when.includes('turn') ? 0 : 1);
});

test('without locks there is none', async () => {
  Reflect.deleteProperty(navigator, 'locks');
  const server = fakeApi();
  hold();
  await pass(60 * SECOND);
  expect(server.calls).toEqual([]);
});
