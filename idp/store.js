const now = () => Math.floor(Date.now() / 1000);

// An interaction belongs to the browser that is signing in, not to what was granted.
const BELONGS_TO_GRANT = new Set(['AccessToken', 'AuthorizationCode', 'RefreshToken']);

/** Everything that one company's provider remembers: sessions, grants, codes, tokens. Gone when the process ends. */
export class Store {
  #entries = new Map();

  /** What oidc-provider wants of a store: one object for each of its models. */
  adapter(model) {
    const key = (id) => `${model}:${id}`;
    return {
      upsert: async (id, payload) => {
        this.#sweep();
        this.#entries.set(key(id), { model, payload: structuredClone(payload) });
      },
      find: async (id) => this.#read(key(id)),
      findByUid: async (uid) => this.#of(model).find((payload) => payload.uid === uid),
      consume: async (id) => {
        const entry = this.#entries.get(key(id));
        if (entry) entry.payload.consumed = now();
      },
      destroy: async (id) => {
        this.#entries.delete(key(id));
      },
      revokeByGrantId: async (grantId) => {
        this.#remove((entry) => BELONGS_TO_GRANT.has(entry.model) && entry.payload.grantId === grantId);
      },
    };
  }

  /** The sessions somebody is signed in with, the newest first. */
  sessions() {
    return this.#of('Session')
      .filter((session) => session.accountId)
      .sort((a, b) => b.loginTs - a.loginTs);
  }

  /** One session that somebody is signed in with. */
  session(uid) {
    return this.sessions().find((session) => session.uid === uid);
  }

  /** Codes and tokens of a session are good for nothing without it. */
  endSession(uid) {
    this.#remove(({ model, payload }) => model === 'Session' && payload.uid === uid);
  }

  /** All that was kept for a person, their sessions among it. */
  forget(sub) {
    this.#remove((entry) => entry.payload.accountId === sub);
  }

  // Callers get copies: what they do to one is kept only when they write it back.
  #read(key) {
    const entry = this.#entries.get(key);
    return entry && !isOver(entry) ? structuredClone(entry.payload) : undefined;
  }

  #of(model) {
    return [...this.#entries.values()]
      .filter((entry) => entry.model === model && !isOver(entry))
      .map((entry) => structuredClone(entry.payload));
  }

  #sweep() {
    this.#remove(isOver);
  }

  #remove(condition) {
    for (const [key, entry] of this.#entries) if (condition(entry)) this.#entries.delete(key);
  }
}

const isOver = ({ payload }) => payload.exp !== undefined && payload.exp <= now();
