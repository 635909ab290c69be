import { randomUUID } from 'node:crypto';

const KEPT = 20;

/** What one company's provider has told the app by itself, the newest first, and how that was answered. */
export class Sent {
  #entries = [];
  #patience;

  /** `patience` is for how many milliseconds an answer is waited for. */
  constructor(patience) {
    this.#patience = patience;
  }

  all() {
    return [...this.#entries];
  }

  /** Never fails: when there was no answer, the entry has `trouble`, a sentence, in place of `status`. */
  async post(about, url, options) {
    const { entry } = await this.exchange(about, url, { ...options, method: 'POST' }, async (response) => {
      // The status says it all; what is left unread would hold the connection.
      response.body?.cancel().catch(() => {});
    });
    return entry;
  }

  /** The same for an answer that says more. What `read` makes of it is `content`, and is not in the list. */
  async exchange(about, url, options, read) {
    const entry = { id: randomUUID(), at: new Date().toISOString(), ...about };
    const start = performance.now();
    let content;
    try {
      const signal = AbortSignal.timeout(this.#patience);
      const response = await fetch(url, { ...options, redirect: 'manual', signal });
      content = await read(response);
      entry.status = response.status;
      entry.ms = since(start);
    } catch (error) {
      entry.ms ??= since(start);
      if (!entry.status) entry.trouble = this.#trouble(error, new URL(url).origin);
    }
    if (entry.trouble) console.error(`${entry.what}: ${entry.trouble}`);
    this.#entries.unshift(entry);
    this.#entries.splice(KEPT);
    return { entry, content };
  }

  #trouble(error, origin) {
    if (error.name === 'TimeoutError') {
      return `Curfew at ${origin} gave no answer within ${this.#patience / 1000} seconds.`;
    }
    const reason = error.cause?.code ?? error.cause?.message ?? error.message;
    return `Curfew could not be reached at ${origin} (${reason}).`;
  }
}

const since = (start) => Math.round(performance.now() - start);
