/**
 * What a person has typed and not yet saved. Kept in memory, outside of the page that a forced sign-out takes
 * away, so that it is there again once the *same* person has signed in. Anybody else's arrival wipes it, and so
 * does one's own sign-out. Never stored in the browser.
 */
import { useEffect, useSyncExternalStore } from 'react';
import { usePerson } from '../../api/person';
import { session } from '../../api/session';

let owner: string | null = null;
const texts = new Map<string, string>();
const listeners = new Set<() => void>();

function wipe(): void {
  owner = null;
  texts.clear();
}

session.subscribe(({ kind }) => {
  if (kind === 'left') wipe();
});

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** `undefined` when nothing was typed; set it to `undefined` to be done with it. */
export function useDraft(key: string): [string | undefined, (text: string | undefined) => void] {
  const { id } = usePerson();
  useEffect(() => {
    if (owner !== id) wipe();
  }, [id]);
  const draft = useSyncExternalStore(subscribe, () => (owner === id ? texts.get(key) : undefined));

  const setDraft = (text: string | undefined) => {
    owner = id;
    if (text === undefined) texts.delete(key);
    else texts.set(key, text);
    listeners.forEach((listener) => {
      listener();
    });
  };
  return [draft, setDraft];
}
