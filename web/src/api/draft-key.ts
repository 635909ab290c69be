/**
 * The key under which a person's unsaved text is sealed in this browser. The API gives it to that person alone,
 * so what is sealed can be read by nobody who merely uses the browser next. It lives in memory, can't be taken out
 * of it, and goes with the sign-in.
 */
import { api, dataOf } from './client';
import { session } from './session';

const PAUSE_MS = 60_000;

interface Held {
  person: string;
  since: number;
  key: Promise<CryptoKey | null>;
}

let held: Held | null = null;

session.subscribe(({ kind }) => {
  if (kind === 'left' || kind === 'left-elsewhere' || kind === 'refused' || kind === 'doubted') held = null;
});

/** Null where there is none to be had; asked for again after a while only. */
export async function draftKeyOf(person: string): Promise<CryptoKey | null> {
  if (session.person !== person) return null;
  if (held?.person !== person) held = { person, since: Date.now(), key: askForKey(person) };
  const mine = held;
  const key = await mine.key;
  if (key === null && held === mine && Date.now() - mine.since > PAUSE_MS) {
    held = null;
    return draftKeyOf(person);
  }
  return session.person === person ? key : null;
}

async function askForKey(person: string): Promise<CryptoKey | null> {
  try {
    const { key, userId } = await dataOf(api.GET('/api/account/draft-key'));
    // Somebody else has signed in by another tab, and this one has not heard of it yet.
    if (userId !== person) {
      held = null;
      return null;
    }
    return await crypto.subtle.importKey('raw', fromBase64(key), 'AES-GCM', false, ['encrypt', 'decrypt']);
  } catch {
    return null;
  }
}

/** Reads base64url too. */
export function fromBase64(text: string): Uint8Array<ArrayBuffer> {
  const bytes = atob(text.replaceAll('-', '+').replaceAll('_', '/'));
  return Uint8Array.from(bytes, (each) => each.charCodeAt(0));
}

export function toBase64(bytes: Uint8Array): string {
  return btoa(Array.from(bytes, (each) => String.fromCharCode(each)).join(''));
}
