import { randomUUID } from 'node:crypto';

const KEPT = 20;

/** What came of the last acts by the page's buttons. The address of the page that is shown next names which. */
export class Outcomes {
  #byId = new Map();

  keep(outcome) {
    const id = randomUUID();
    this.#byId.set(id, outcome);
    if (this.#byId.size > KEPT) this.#byId.delete(this.#byId.keys().next().value);
    return id;
  }

  find(id) {
    return this.#byId.get(id);
  }
}
