import { calculateJwkThumbprint, exportJWK, generateKeyPair, SignJWT } from 'jose';

const alg = 'RS256';

/** What a company's provider signs with: the newest key signs, and the older ones stay published. */
export class Keys {
  #newestFirst = [];

  static async generate() {
    const keys = new Keys();
    await keys.rotate();
    return keys;
  }

  async rotate() {
    const { privateKey } = await generateKeyPair(alg, { extractable: true });
    const jwk = await exportJWK(privateKey);
    // Named after its digest, so that an app which remembers keys sees it is a new one.
    this.#newestFirst.unshift({ ...jwk, kid: await calculateJwkThumbprint(jwk), alg, use: 'sig' });
  }

  all() {
    return [...this.#newestFirst];
  }

  /** The name of the one that signs. */
  get kid() {
    return this.#newestFirst[0].kid;
  }

  sign(typ, claims) {
    const [key] = this.#newestFirst;
    return new SignJWT(claims).setProtectedHeader({ alg, typ, kid: key.kid }).sign(key);
  }
}
