/**
 * The one place that keeps anything in the browser: what a person typed or asked for and is not done, and only sealed
 * with a key that the API gives to that same person (`draft-key.ts`). So it outlives a closed tab and a forced sign-out,
 * and whoever signs in here next can neither read it nor has to destroy it.
 *
 * One item for each person, with each entry's name and time in the clear. Nothing here ever fails: without a key
 * or with a full or blocked store nothing is kept, and what is damaged, foreign or old counts as not there.
 */
import { draftKeyOf, fromBase64, toBase64 } from './draft-key';

export interface Kept {
  name: string;
  text: string;
}

interface Entry {
  name: string;
  /** When it was written, in milliseconds. */
  at: number;
  iv: string;
  sealed: string;
}

interface Limits {
  ageMs: number;
  entries: number;
  length: number;
}

export interface SealedStore {
  /** Has the key at hand, so that the first letter is sealed as soon as it is typed. */
  prepare(person: string): Promise<void>;
  /** Null when the key can't be had, so that nobody can say what there is. */
  read(person: string): Promise<Kept[] | null>;
  /** False when the key can't be had; `undefined` removes the entry. */
  keep(person: string, name: string, text: string | undefined): Promise<boolean>;
  /** Whether there is such an entry, be it too old or beyond opening. */
  has(person: string, name: string): boolean;
  /** Removes the entry before giving it away: nobody gets it twice. Without the key it is gone, too. */
  take(person: string, name: string): Promise<string | undefined>;
  forget(person: string): void;
}

const IV_BYTES = 12;
const MINUTE_MS = 60_000;
const encoder = new TextEncoder();
const decoder = new TextDecoder();

function sealedStore(prefix: string, area: () => Storage, limits: Limits): SealedStore {
  let forgotten = 0;

  function load(person: string): Entry[] {
    return attempt(() => entriesIn(area().getItem(prefix + person)), []).filter(isYoung);
  }

  function save(person: string, entries: Entry[]): void {
    const kept = fitting(entries);
    attempt(() => {
      if (kept.length === 0) area().removeItem(prefix + person);
      else area().setItem(prefix + person, JSON.stringify(kept));
    }, undefined);
  }

  const isYoung = ({ at }: Entry) => Date.now() - at <= limits.ageMs;

  /** The newest of them, as many as there is room for. */
  function fitting(entries: Entry[]): Entry[] {
    const kept: Entry[] = [];
    for (const entry of entries.toSorted((one, other) => other.at - one.at).slice(0, limits.entries)) {
      if (JSON.stringify([...kept, entry]).length <= limits.length) kept.push(entry);
    }
    return kept;
  }

  /** Also of people who never come back. */
  function dropOld(): void {
    attempt(() => {
      for (const name of Object.keys(area()).filter((each) => each.startsWith(prefix))) {
        const person = name.slice(prefix.length);
        const entries = entriesIn(area().getItem(name));
        if (!entries.every(isYoung)) save(person, entries.filter(isYoung));
      }
    }, undefined);
  }

  /** An entry that is put under another name or another person's does not open. */
  const binding = (person: string, name: string) => encoder.encode(`${prefix}${person} ${name}`);

  async function open(
    key: CryptoKey,
    person: string,
    { name, iv, sealed }: Entry,
  ): Promise<Kept | undefined> {
    try {
      const parameters = { name: 'AES-GCM', iv: fromBase64(iv), additionalData: binding(person, name) };
      const text = await crypto.subtle.decrypt(parameters, key, fromBase64(sealed));
      return { name, text: decoder.decode(text) };
    } catch {
      return undefined;
    }
  }

  async function seal(key: CryptoKey, person: string, name: string, text: string): Promise<Entry> {
    const iv = crypto.getRandomValues(new Uint8Array(IV_BYTES));
    const parameters = { name: 'AES-GCM', iv, additionalData: binding(person, name) };
    const sealed = await crypto.subtle.encrypt(parameters, key, encoder.encode(text));
    return { name, at: Date.now(), iv: toBase64(iv), sealed: toBase64(new Uint8Array(sealed)) };
  }

  return {
    async prepare(person) {
      await draftKeyOf(person);
    },

    async read(person) {
      dropOld();
      const key = await draftKeyOf(person);
      if (!key) return null;
      const opened = await Promise.all(load(person).map((entry) => open(key, person, entry)));
      return opened.filter((each) => each !== undefined);
    },

    async keep(person, name, text) {
      const before = forgotten;
      const key = await draftKeyOf(person);
      if (!key) return false;
      const entry = text === undefined ? undefined : await seal(key, person, name, text);
      // Signed out meanwhile: what was to be forgotten does not come back.
      if (before !== forgotten) return true;
      // Read only now, and written in the same breath: another tab writes to the same item.
      const others = load(person).filter((each) => each.name !== name);
      save(person, entry ? [entry, ...others] : others);
      return true;
    },

    has(person, name) {
      const entries = attempt(() => entriesIn(area().getItem(prefix + person)), []);
      return entries.some((each) => each.name === name);
    },

    async take(person, name) {
      dropOld();
      const key = await draftKeyOf(person);
      const entries = load(person);
      const entry = entries.find((each) => each.name === name);
      if (!entry) return undefined;
      save(
        person,
        entries.filter((each) => each !== entry),
      );
      return key ? (await open(key, person, entry))?.text : undefined;
    },

    forget(person) {
      forgotten += 1;
      save(person, []);
    },
  };
}

/** A store may be full, or blocked altogether. */
function attempt<T>(step: () => T, otherwise: T): T {
  try {
    return step();
  } catch {
    return otherwise;
  }
}

function entriesIn(item: string | null): Entry[] {
  const found: unknown = item === null ? [] : attempt(() => JSON.parse(item) as unknown, []);
  return Array.isArray(found) ? found.filter(isEntry) : [];
}

function isEntry(value: unknown): value is Entry {
  if (typeof value !== 'object' || value === null) return false;
  const { name, at, iv, sealed } = value as Record<string, unknown>;
  return typeof at === 'number' && [name, iv, sealed].every((each) => typeof each === 'string');
}

/** Survives the tab and the sign-in, for the person to find it again. */
export const sealedDrafts = sealedStore('curfew-sealed.', () => window.localStorage, {
  ageMs: 7 * 24 * 60 * MINUTE_MS,
  entries: 50,
  length: 64 * 1024,
});

/** Calls that go on when the person is back in this tab, from proving who they are. */
export const sealedCalls = sealedStore('curfew-parked.', () => window.sessionStorage, {
  ageMs: 10 * MINUTE_MS,
  entries: 1,
  length: 64 * 1024,
});

/** For all tabs, so that each is spent once. */
export const sealedTickets = sealedStore('curfew-ticket.', () => window.localStorage, {
  ageMs: 10 * MINUTE_MS,
  entries: 10,
  length: 4 * 1024,
});
