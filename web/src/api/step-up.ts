/**
 * Calls that the API takes only from somebody who has just proved who they are (RFC 9470). `client.ts` pauses them
 * here, a dialog asks, and they go on when it is done: all of them by one answer.
 */
import { NotConfirmedError, SignedOutError } from './problem';
import { session } from './session';

export const NEEDS_CONFIRMATION = 'insufficient_user_authentication';

export interface PausedCall {
  /** As it was sent; to be read from a clone. */
  request: Request;
  /** How recent a proof is wanted, in seconds. */
  maxAge: number;
}

interface Waiting extends PausedCall {
  goOn: () => void;
  fail: (error: Error) => void;
}

const NONE: readonly PausedCall[] = [];

export class StepUp {
  #waiting: readonly Waiting[] = [];
  readonly #listeners = new Set<() => void>();

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  readonly snapshot = (): readonly PausedCall[] => (this.#waiting.length === 0 ? NONE : this.#waiting);

  /** Whether there is anybody who could ask the person. */
  get isAttended(): boolean {
    return this.#listeners.size > 0;
  }

  /** Resolves when the person has confirmed that it is them. */
  pause(call: PausedCall): Promise<void> {
    return new Promise((resolve, reject) => {
      const mine: Waiting = { ...call, goOn: resolve, fail: reject };
      this.#set([...this.#waiting, mine]);
      // Whoever asked does not want it any more.
      call.request.signal.addEventListener('abort', () => {
        this.#set(this.#waiting.filter((each) => each !== mine));
        reject(new NotConfirmedError('given up'));
      });
    });
  }

  confirmed(): void {
    this.#empty().forEach(({ goOn }) => {
      goOn();
    });
  }

  cancel(error: Error = new NotConfirmedError('cancelled')): void {
    this.#empty().forEach(({ fail }) => {
      fail(error);
    });
  }

  #empty(): readonly Waiting[] {
    const all = this.#waiting;
    this.#set([]);
    return all;
  }

  #set(waiting: readonly Waiting[]): void {
    if (waiting.length === 0 && this.#waiting.length === 0) return;
    this.#waiting = waiting;
    this.#listeners.forEach((listener) => {
      listener();
    });
  }
}

export const stepUp = new StepUp();

// Nothing that one person asked for is done for the next.
session.subscribe(({ kind }) => {
  if (kind === 'began' || kind === 'refused' || kind === 'left' || kind === 'doubted')
    stepUp.cancel(new SignedOutError('of an earlier sign-in'));
});
