/**
 * What a person has typed and not yet saved. Kept in memory, outside of the page that a forced sign-out takes away,
 * and sealed in the browser at each change, so that it is there again once the *same* person has signed in, even in a
 * tab that was closed meanwhile. Anybody else's arrival clears the memory; one's own sign-out wipes both, in all tabs.
 */
import { useEffect, useSyncExternalStore } from 'react';
import { usePerson } from '../../api/person';
import { sealedDrafts } from '../../api/sealed';
import { session } from '../../api/session';

interface Draft {
  text: string;
  /** The key that the text was sent with, so that sending it again does it no second time. */
  sent?: { task: string; key: string } | undefined;
}

class Drafts {
  readonly person: string;
  readonly #drafts = new Map<string, Draft>();
  /** Names whose last change is not sealed yet. */
  readonly #unsealed = new Set<string>();
  #isRestored = false;
  #isSealing = false;

  constructor(person: string) {
    this.person = person;
  }

  get(name: string): Draft | undefined {
    return this.#drafts.get(name);
  }

  set(name: string, draft: Draft | undefined): void {
    if (draft) this.#drafts.set(name, draft);
    else this.#drafts.delete(name);
    this.#unsealed.add(name);
    void this.seal();
    tellAll();
  }

  /** One write after the other: an older text never lands on a newer one. */
  async seal(): Promise<void> {
    if (this.#isSealing) return;
    this.#isSealing = true;
    this.#isRestored ||= await this.#restore();
    // What is added on the way is visited as well.
    for (const name of this.#isRestored ? this.#unsealed : []) {
      if (mine !== this) break;
      this.#unsealed.delete(name);
      const draft = this.#drafts.get(name);
      const isKept = await sealedDrafts.keep(this.person, name, draft && JSON.stringify(draft));
      if (!isKept) {
        this.#unsealed.add(name);
        break;
      }
    }
    this.#isSealing = false;
  }

  async #restore(): Promise<boolean> {
    const kept = await sealedDrafts.read(this.person);
    if (kept === null || mine !== this) return false;
    for (const { name, text } of kept) {
      const found = parse(text);
      if (found) this.#drafts.set(name, joined(found, this.#drafts.get(name)));
    }
    tellAll();
    return true;
  }
}

/** Where somebody typed on before the earlier text was there, both stay. */
function joined(earlier: Draft, typed: Draft | undefined): Draft {
  if (!typed) return earlier;
  return typed.text.includes(earlier.text) ? typed : { text: `${earlier.text} ${typed.text}` };
}

function parse(text: string): Draft | undefined {
  try {
    const { text: typed, sent } = JSON.parse(text) as Partial<Draft>;
    return typeof typed === 'string' ? { text: typed, sent } : undefined;
  } catch {
    return undefined;
  }
}

let mine: Drafts | null = null;
const listeners = new Set<() => void>();

function tellAll(): void {
  listeners.forEach((listener) => {
    listener();
  });
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

function draftsOf(person: string): Drafts {
  if (mine?.person !== person) mine = new Drafts(person);
  return mine;
}

session.subscribe((event) => {
  if (event.kind !== 'left' && event.kind !== 'left-elsewhere') return;
  // Also what another tab has forgotten already: this one may have put something back since.
  if (event.person !== null) sealedDrafts.forget(event.person);
  mine = null;
  tellAll();
});

/** `undefined` when nothing was typed; set it to `undefined` to be done with it. */
export function useDraft(name: string): [string | undefined, (text: string | undefined) => void] {
  const { id } = usePerson();
  useEffect(() => {
    void sealedDrafts.prepare(id);
    void draftsOf(id).seal();
  }, [id]);
  const draft = useSyncExternalStore(subscribe, () => (mine?.person === id ? mine.get(name) : undefined));

  const setDraft = (text: string | undefined) => {
    const drafts = draftsOf(id);
    // An emptied field is a new beginning, even for the same words.
    const sent = text?.trim() ? drafts.get(name)?.sent : undefined;
    drafts.set(name, text === undefined ? undefined : { text, sent });
  };
  return [draft?.text, setDraft];
}

interface Sending {
  /**
   * The `Idempotency-Key` for sending the draft: the same one as long as it is the same task, also after a sign-out and
   * back, so that "Try again" after an answer that got lost makes no second todo.
   */
  keyFor: (task: string) => string;
  /** The task is saved: its draft is done with, unless more has been typed by then, and that stays. */
  onSaved: (task: string) => void;
}

export function useSending(name: string): Sending {
  const { id } = usePerson();
  return {
    keyFor: (task) => {
      const drafts = draftsOf(id);
      const draft = drafts.get(name);
      if (draft?.sent?.task === task) return draft.sent.key;
      const key = `"${crypto.randomUUID()}"`;
      drafts.set(name, { text: draft?.text ?? task, sent: { task, key } });
      return key;
    },
    onSaved: (task) => {
      const drafts = draftsOf(id);
      const text = drafts.get(name)?.text;
      if (text !== undefined) drafts.set(name, text.trim() === task ? undefined : { text });
    },
  };
}
