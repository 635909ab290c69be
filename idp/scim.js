/** Requests to the app's SCIM 2.0 server, for one company: with its key, and each of them in the list of what was sent. */
import { Refusal } from './http.js';

export const SCIM = 'SCIM';
export const USER_SCHEMA = 'urn:ietf:params:scim:schemas:core:2.0:User';
export const PATCH_SCHEMA = 'urn:ietf:params:scim:api:messages:2.0:PatchOp';

const LARGEST_ANSWER = 1024 * 1024;
const LONGEST_DETAIL = 500;

export class Scim {
  #sent;
  #token;

  constructor(baseUrl, sent) {
    this.baseUrl = baseUrl;
    this.#sent = sent;
  }

  /** The key is nowhere to be read again. Okta wants it with the word Bearer before it, so that may stand there. */
  connect(token) {
    const key = typeof token === 'string' ? token.trim().replace(/^Bearer\s+/i, '') : '';
    if (!/^[\w.~+/=-]{1,500}$/.test(key))
      throw new Refusal(400, 'The token must be one of the app’s API keys.');
    this.#token = key;
  }

  disconnect() {
    this.#token = undefined;
  }

  get connected() {
    return this.#token !== undefined;
  }

  /** Enough to tell one key from another; of a short one that would be too much. */
  get lastFour() {
    return this.connected && this.#token.length >= 16 ? this.#token.slice(-4) : undefined;
  }

  /**
   * The app's answer, with the resource in it, if any. `name` is whom it is about. When the app refuses that is a 409
   * with its sentence, and a 502 when it has no answer, or none of use.
   */
  async request(name, method, path, body) {
    if (!this.connected) throw new Refusal(409, 'There is no SCIM connection: set a key first.');
    const { entry, content } = await this.#sent.exchange(
      { what: SCIM, name, subject: `${method} ${decodeURIComponent(path)}` },
      `${this.baseUrl}${path}`,
      {
        method,
        headers: {
          Accept: 'application/scim+json',
          ...(body && { 'Content-Type': 'application/scim+json' }),
          Authorization: `Bearer ${this.#token}`,
        },
        body: body && JSON.stringify(body),
      },
      readText,
    );
    if (entry.trouble) throw new Refusal(502, entry.trouble);
    const { status, ms } = entry;
    const resource = parse(content);
    if (status >= 200 && status < 300) {
      if (content !== '' && resource === undefined) {
        throw new Refusal(502, `Curfew answered ${status} with something that is not JSON.`, { status, ms });
      }
      return { status, ms, resource };
    }
    const refused = status >= 400 && status < 500;
    throw new Refusal(refused ? 409 : 502, `Curfew answered ${status}${reason(resource)}`, { status, ms });
  }
}

async function readText(response) {
  const decoder = new TextDecoder();
  let text = '';
  let size = 0;
  for await (const chunk of response.body ?? []) {
    size += chunk.length;
    if (size > LARGEST_ANSWER) throw new Error('its answer is too long');
    text += decoder.decode(chunk, { stream: true });
  }
  return text;
}

function parse(text) {
  try {
    const value = JSON.parse(text);
    return value !== null && typeof value === 'object' ? value : undefined;
  } catch {
    return undefined;
  }
}

function reason(error) {
  const detail = typeof error?.detail === 'string' && error.detail.slice(0, LONGEST_DETAIL);
  return detail ? `: ${detail}` : ' and does not say why.';
}
