import { beforeEach, expect, onTestFinished, test, vi } from 'vitest';
import { bobby, draftKey, fakeApi, later, problem, trinity, type Answer } from '../test/fake-api';
import { sealedDrafts } from './sealed';
import { session } from './session';

const HERS = `curfew-sealed.${trinity.id}`;
const DAY_MS = 24 * 60 * 60 * 1000;

/** From now on it is this person who is signed in, and given a key. */
function signedIn(person: typeof trinity, key: Answer = () => draftKey(person.id)) {
  session.refuse();
  session.recognise(person.id);
  return fakeApi({ 'GET /api/account/draft-key': key });
}

beforeEach(() => {
  signedIn(trinity);
});

/** What it holds for her, by name. */
async function kept() {
  return Object.fromEntries(
    (await sealedDrafts.read(trinity.id))?.map(({ name, text }) => [name, text]) ?? [],
  );
}

const entries = () => JSON.parse(localStorage.getItem(HERS) ?? '[]') as Record<string, unknown>[];

function onDay(day: number): void {
  vi.useFakeTimers({ toFake: ['Date'], now: day * DAY_MS });
  onTestFinished(() => {
    vi.useRealTimers();
  });
}

test('what is kept can be read again, and not without the key', async () => {
  await sealedDrafts.keep(trinity.id, 'new', 'A sécret 🐇');
  expect(await kept()).toEqual({ new: 'A sécret 🐇' });
  expect(JSON.stringify(Object.values(localStorage))).not.toContain('cret');

  signedIn(trinity, draftKey(trinity.id, bobby.id));
  expect(await kept()).toEqual({});
  signedIn(trinity);
  expect(await kept()).toEqual({ new: 'A sécret 🐇' });
});

test('the same text never looks the same', async () => {
  await sealedDrafts.keep(trinity.id, 'new', 'A secret');
  const [before] = entries();
  await sealedDrafts.keep(trinity.id, 'new', 'A secret');
  expect(entries()).toHaveLength(1);
  expect(entries()[0]?.iv).not.toBe(before?.iv);
  expect(entries()[0]?.sealed).not.toBe(before?.sealed);
});

test('the key is asked for once, and forgotten with the sign-in', async () => {
  const server = signedIn(trinity);
  await Promise.all([sealedDrafts.keep(trinity.id, 'new', 'x'), sealedDrafts.read(trinity.id)]);
  expect(server.calls).toHaveLength(1);
  for (const end of [
    () => session.refuse(),
    () => {
      session.leave();
    },
    () => {
      session.doubt();
    },
  ]) {
    const asked = server.calls.length;
    end();
    session.recognise(trinity.id);
    await sealedDrafts.read(trinity.id);
    expect(server.calls).toHaveLength(asked + 1);
  }
});

test.each([
  'nonsense',
  '{}',
  '[1, null, {"name": "new"}]',
  '[{"name":"new","at":1e15,"iv":"?","sealed":"?"}]',
])('a damaged item counts as none: %s', async (item) => {
  localStorage.setItem(HERS, item);
  expect(await kept()).toEqual({});
  await sealedDrafts.keep(trinity.id, 'new', 'Sound');
  expect(await kept()).toEqual({ new: 'Sound' });
});

test('an entry does not open under another name, nor under another person’s', async () => {
  await sealedDrafts.keep(trinity.id, 'new', 'A secret');
  const [entry] = entries();
  localStorage.setItem(HERS, JSON.stringify([{ ...entry, name: 'rename x' }]));
  expect(await kept()).toEqual({});

  localStorage.setItem(`curfew-sealed.${bobby.id}`, JSON.stringify([entry]));
  signedIn(bobby, draftKey(bobby.id, trinity.id));
  expect(await sealedDrafts.read(bobby.id)).toEqual([]);
});

test('another person’s item is left alone', async () => {
  signedIn(bobby);
  await sealedDrafts.keep(bobby.id, 'new', 'Bobby’s');
  signedIn(trinity);
  await sealedDrafts.keep(trinity.id, 'new', 'Trinity’s');
  sealedDrafts.forget(trinity.id);
  expect(localStorage.getItem(HERS)).toBeNull();
  signedIn(bobby);
  expect(await sealedDrafts.read(bobby.id)).toEqual([{ name: 'new', text: 'Bobby’s' }]);
});

test('what another tab has kept meanwhile stays', async () => {
  await sealedDrafts.keep(trinity.id, 'of the other tab', 'There');
  const other = entries();
  sealedDrafts.forget(trinity.id);
  const writing = sealedDrafts.keep(trinity.id, 'new', 'Here');
  localStorage.setItem(HERS, JSON.stringify(other));
  await writing;
  expect(await kept()).toEqual({ new: 'Here', 'of the other tab': 'There' });
});

test('after seven days it is gone, also of somebody who never comes back', async () => {
  onDay(100);
  signedIn(bobby);
  await sealedDrafts.keep(bobby.id, 'new', 'Bobby’s');
  signedIn(trinity);
  await sealedDrafts.keep(trinity.id, 'old', 'Old');
  onDay(106);
  await sealedDrafts.keep(trinity.id, 'new', 'New');
  expect(await kept()).toEqual({ old: 'Old', new: 'New' });
  onDay(107.5);
  expect(await kept()).toEqual({ new: 'New' });
  expect(Object.keys(localStorage)).toEqual([HERS]);
});

test('there is room for fifty, and the oldest make it', async () => {
  for (let each = 0; each < 51; each += 1) {
    onDay(100 + each / 1000);
    await sealedDrafts.keep(trinity.id, String(each), 'x');
  }
  const names = Object.keys(await kept());
  expect(names).toHaveLength(50);
  expect(names).not.toContain('0');
});

test('there is room for 64 KB, and a text that is larger pushes nothing out', async () => {
  for (const [name, length] of [
    ['old', 20_000],
    ['older no more', 20_000],
    ['new', 20_000],
  ] as const) {
    await sealedDrafts.keep(trinity.id, name, 'x'.repeat(length));
    onDay(Date.now() / DAY_MS + 0.1);
  }
  expect(Object.keys(await kept()).sort()).toEqual(['new', 'older no more']);
  await sealedDrafts.keep(trinity.id, 'huge', 'x'.repeat(70_000));
  expect(Object.keys(await kept()).sort()).toEqual(['new', 'older no more']);
  expect(localStorage.getItem(HERS)?.length).toBeLessThanOrEqual(64 * 1024);
});

test('a full or blocked store is no failure', async () => {
  vi.spyOn(Storage.prototype, 'setItem').mockImplementation(() => {
    throw new DOMException('full', 'QuotaExceededError');
  });
  vi.spyOn(Storage.prototype, 'getItem').mockImplementation(() => {
    throw new DOMException('blocked', 'SecurityError');
  });
  expect(await sealedDrafts.keep(trinity.id, 'new', 'x')).toBe(true);
  expect(await kept()).toEqual({});
});

test('without a key nothing is kept, and it is not asked for at each letter', async () => {
  onDay(100);
  const server = signedIn(trinity, problem(503, 'unavailable'));
  expect(await sealedDrafts.keep(trinity.id, 'new', 'x')).toBe(false);
  expect(await sealedDrafts.read(trinity.id)).toBeNull();
  expect(server.calls).toHaveLength(1);
  server.on('GET /api/account/draft-key', draftKey(trinity.id));
  expect(await sealedDrafts.keep(trinity.id, 'new', 'x')).toBe(false);
  onDay(101);
  expect(await sealedDrafts.keep(trinity.id, 'new', 'x')).toBe(true);
});

test('the key of whoever came meanwhile is not taken for one’s own', async () => {
  const key = later();
  signedIn(trinity, key.promise);
  const writing = sealedDrafts.keep(trinity.id, 'new', 'A secret');
  session.refuse();
  session.recognise(bobby.id);
  key.answer(draftKey(bobby.id));
  expect(await writing).toBe(false);
  expect(await sealedDrafts.keep(trinity.id, 'new', 'A secret')).toBe(false);
  expect(localStorage.length).toBe(0);
});

test('nor is one that is given to somebody else, of whom this tab has not heard yet', async () => {
  const server = signedIn(trinity, draftKey(bobby.id));
  expect(await sealedDrafts.keep(trinity.id, 'new', 'A secret')).toBe(false);
  expect(await sealedDrafts.read(trinity.id)).toBeNull();
  expect(localStorage.length).toBe(0);
  // Nothing of it is remembered.
  server.on('GET /api/account/draft-key', draftKey(trinity.id));
  expect(await sealedDrafts.keep(trinity.id, 'new', 'A secret')).toBe(true);
});

test('what is taken is gone', async () => {
  await sealedDrafts.keep(trinity.id, 'once', 'x');
  await sealedDrafts.keep(trinity.id, 'other', 'y');
  const taken = await Promise.all([1, 2].map(() => sealedDrafts.take(trinity.id, 'once')));
  expect(taken.filter((each) => each !== undefined)).toEqual(['x']);
  expect(await kept()).toEqual({ other: 'y' });
});

test('what is being written while it is forgotten does not come back', async () => {
  const writing = sealedDrafts.keep(trinity.id, 'new', 'x');
  sealedDrafts.forget(trinity.id);
  await writing;
  expect(localStorage.length).toBe(0);
});
