/**
 * What this tab believes about the sign-in, kept in memory only.
 *
 * The API alone knows who is signed in (GET /api/users/me); this is the tab's note of when to stop believing
 * an earlier answer. Each change of mind starts a new epoch, and `client.ts` throws away every answer that
 * was asked for in an older one. Nothing here fetches, navigates or stores: `routes/wire.ts` listens and acts.
 */
export type SessionEvent =
  /** Somebody signed in here. */
  | { kind: 'began' }
  /** The API answered 401: whoever was signed in is not any more. `tellOthers` is false when others told us. */
  | { kind: 'refused'; tellOthers: boolean }
  /** This person signed out here. `continueAt` is where the browser is to go then: to the company's provider. */
  | { kind: 'left'; person: string | null; continueAt: string | null }
  /** This person signed out in another tab. What is shown stays until the API has been asked. */
  | { kind: 'left-elsewhere'; person: string }
  /** The same person signed in again in place of this sign-in: everything goes on as it was. */
  | { kind: 'renewed' }
  /** The API named this person, for the first time since something happened. */
  | { kind: 'recognised'; person: string }
  /** The person was warned that the session would end for want of use, and has used it. */
  | { kind: 'prolonged' }
  /** More is known about why the person is signed out; nothing else changed. */
  | { kind: 'noted' }
  /** Nothing is certain any more: forget everything and ask the API again. */
  | { kind: 'doubted' };

export interface SessionState {
  readonly epoch: number;
  /** Known to be signed out: asking the API again would only be refused again. */
  readonly ended: boolean;
  /** Somebody was signed in and has been signed out without asking for it: the sign-in page says so. */
  readonly wasSignedOut: boolean;
  /** The person signed out here, and the browser is on its way to the company's provider to do so there, too. */
  readonly isGoingOn: boolean;
}

const FRESH = { ended: false, wasSignedOut: false, isGoingOn: false };

export class Session {
  #state: SessionState = { ...FRESH, epoch: 0 };
  /** The id GET /api/users/me gave in this epoch. */
  #person: string | null = null;
  /** The same, also after a 401 has taken them away. */
  #lastPerson: string | null = null;
  /** Others know already that this sign-in may have ended. */
  #isTold = false;
  /** And that the person wanted it to. */
  #hasLeftElsewhere = false;
  /** Somebody was seen signed in, in this epoch or, where others cast doubt on it, in an earlier one. */
  #wasSomebody = false;
  #isLeaving = false;
  readonly #listeners = new Set<(event: SessionEvent) => void>();

  readonly subscribe = (listener: (event: SessionEvent) => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  /** Whom the API has named, as far as nothing has happened since. */
  get person(): string | null {
    return this.#person;
  }

  readonly snapshot = (): SessionState => this.#state;

  begin(): void {
    this.#forgetPerson();
    this.#next({}, { kind: 'began' });
  }

  /** The person has asked to leave. From now on a 401 is the answer to that, whichever call it comes to. */
  leaving(): void {
    this.#isLeaving = true;
  }

  /** Leaving has failed: one is still signed in. */
  stay(): void {
    this.#isLeaving = false;
  }

  leave(continueAt: string | null = null): void {
    const person = this.#person;
    this.#forgetPerson();
    this.#next({ ended: true, isGoingOn: continueAt !== null }, { kind: 'left', person, continueAt });
  }

  /** Returns the new epoch, by which `noteSignedOut` knows that nothing has happened in between. */
  refuse(): number {
    if (this.#isLeaving) {
      this.leave();
      // Of no epoch: that the session has ended is no news to the person.
      return -1;
    }
    // Only a tab that has lost somebody tells the others, and none that was told: tabs never ask in circles.
    const tellOthers = this.#person !== null && !this.#isTold;
    const wasSignedOut = this.#state.wasSignedOut || this.#wasSomebody;
    const lastPerson = this.#lastPerson;
    const hasLeftElsewhere = this.#hasLeftElsewhere;
    this.#forgetPerson();
    this.#lastPerson = lastPerson;
    this.#next({ ended: true, wasSignedOut }, { kind: 'refused', tellOthers });
    // Now for certain, and with what has come between the word and the answer.
    if (hasLeftElsewhere) this.hearLeft();
    return this.#state.epoch;
  }

  /**
   * It was said, by another tab or by the API's stream, that the sign-in has ended or is another one. What is shown stays
   * until the API has been asked: returns whether there is something to ask.
   */
  hear(): boolean {
    if (this.#state.ended) return false;
    // Nothing is shown yet, and what is under way may be an answer of before.
    if (this.#person === null) {
      this.doubt();
      return false;
    }
    this.#isTold = true;
    return true;
  }

  /** It was said that the person has signed out in another tab: it may be they whom a 401 has taken away already. */
  hearLeft(): void {
    if (this.#lastPerson === null) return;
    this.#hasLeftElsewhere = this.#person !== null;
    this.#emit({ kind: 'left-elsewhere', person: this.#lastPerson });
  }

  doubt(): void {
    this.#person = null;
    this.#lastPerson = null;
    this.#isTold = false;
    this.#hasLeftElsewhere = false;
    this.#next({ wasSignedOut: this.#state.wasSignedOut }, { kind: 'doubted' });
  }

  renewed(): void {
    this.#emit({ kind: 'renewed' });
  }

  /** The session lasts longer than was shown: other tabs may show it still. */
  prolonged(): void {
    this.#emit({ kind: 'prolonged' });
  }

  /** The API said `session_ended`: there was a sign-in, even if this page was opened after it ended. */
  noteSignedOut(epoch: number): void {
    if (this.#state.epoch !== epoch) return;
    this.#state = { ...this.#state, wasSignedOut: true };
    this.#emit({ kind: 'noted' });
  }

  /** GET /api/users/me named this person. Someone else than before means that all we hold is another's. */
  recognise(person: string): void {
    if (this.#person !== null && this.#person !== person) {
      this.doubt();
      return;
    }
    const isNew = this.#person === null;
    this.#person = person;
    this.#lastPerson = person;
    this.#isTold = false;
    this.#hasLeftElsewhere = false;
    this.#wasSomebody = true;
    if (isNew) this.#emit({ kind: 'recognised', person });
  }

  #forgetPerson(): void {
    this.#person = null;
    this.#lastPerson = null;
    this.#isTold = false;
    this.#hasLeftElsewhere = false;
    this.#wasSomebody = false;
    this.#isLeaving = false;
  }

  #next(change: Partial<SessionState>, event: SessionEvent): void {
    this.#state = { ...FRESH, ...change, epoch: this.#state.epoch + 1 };
    this.#emit(event);
  }

  #emit(event: SessionEvent): void {
    this.#listeners.forEach((listener) => {
      listener(event);
    });
  }
}

export const session = new Session();
