/** What the tests share: a provider of their own, a browser that keeps cookies, and an app that sends people there. */
import { createHash, createPublicKey, randomBytes, verify } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { createApp } from '../app.js';

const nobodysUrl = 'http://localhost:3333';
export const publicUrl = 'http://localhost:3000';

/** The address of a provider that ends with the test. Without an `apiUrl` it has no app that could be told anything. */
export async function startIdp(t, { apiUrl = nobodysUrl, patience } = {}) {
  const { server, port } = await listen(t);
  const origin = `http://127.0.0.1:${port}`;
  server.on('request', await createApp({ origin, apiUrl, publicUrl, patience }));
  return origin;
}

/** What an app is told behind the browser's back, and how it answers: with a status, or never. */
export async function startReceiver(t, status) {
  const { server, port } = await listen(t);
  const receiver = { url: `http://localhost:${port}`, status, received: [] };
  server.on('request', async (req, res) => {
    let body = '';
    for await (const chunk of req) body += chunk;
    receiver.received.push({
      method: req.method,
      url: `${receiver.url}${req.url}`,
      headers: req.headers,
      body,
    });
    if (receiver.status) res.writeHead(receiver.status).end();
  });
  return receiver;
}

/** An address of this machine where nobody listens. */
export async function nobodyListening(t) {
  const { server, port } = await listen(t);
  server.close();
  await once(server, 'close');
  return `http://localhost:${port}`;
}

export async function listen(t) {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    server.close();
    server.closeAllConnections();
  });
  return { server, port: server.address().port };
}

/** Cookies by name, path and value, sent as a browser would; redirects are followed within one site. */
export class Browser {
  #cookies = new Map();
  #origin;

  constructor(origin) {
    this.#origin = origin;
  }

  /** Ends with a page, or with the first address of another site. */
  async open(url, init) {
    const response = await fetch(url, {
      ...init,
      redirect: 'manual',
      headers: { accept: 'text/html', ...init?.headers, cookie: this.#cookiesFor(new URL(url).pathname) },
    });
    for (const line of response.headers.getSetCookie()) this.#keep(line);
    const location = response.headers.get('location');
    if (!location) return { url, status: response.status, text: await response.text() };
    const next = new URL(location, url);
    return next.origin === this.#origin ? this.open(next.href) : { url: next.href, left: next.searchParams };
  }

  submit(url, fields) {
    return this.open(url, { method: 'POST', body: new URLSearchParams(fields) });
  }

  #cookiesFor(path) {
    return [...this.#cookies.values()]
      .filter((cookie) => path === cookie.path || path.startsWith(cookie.path.replace(/\/?$/, '/')))
      .map(({ name, value }) => `${name}=${value}`)
      .join('; ');
  }

  #keep(line) {
    const [pair, ...attributes] = line.split(/;\s*/);
    const [name, value] = pair.split(/=(.*)/s);
    const attribute = (wanted) =>
      attributes
        .map((each) => each.split('='))
        .find(([given]) => given.toLowerCase() === wanted)
        ?.at(1);
    const path = attribute('path') ?? '/';
    const expires = attribute('expires');
    if (expires && new Date(expires) <= new Date()) this.#cookies.delete(`${path} ${name}`);
    else this.#cookies.set(`${path} ${name}`, { name, value, path });
  }
}

/** Curfew, as a company's provider sees it. */
export class App {
  #verifier = randomBytes(32).toString('base64url');
  state = randomBytes(8).toString('hex');
  nonce = randomBytes(8).toString('hex');

  constructor(origin, slug, apiUrl = nobodysUrl) {
    this.slug = slug;
    this.issuer = `${origin}/${slug}`;
    this.redirectUri = `${apiUrl}/openid/callback/${slug}`;
  }

  discover() {
    return getJson(`${this.issuer}/.well-known/openid-configuration`);
  }

  /** Where the app sends somebody's browser. A member of `extra` that is undefined is left out. */
  async authorizeUrl(extra = {}) {
    const { authorization_endpoint } = await this.discover();
    const url = new URL(authorization_endpoint);
    const parameters = {
      client_id: 'curfew',
      response_type: 'code',
      redirect_uri: this.redirectUri,
      scope: 'openid email profile',
      state: this.state,
      nonce: this.nonce,
      code_challenge: createHash('sha256').update(this.#verifier).digest('base64url'),
      code_challenge_method: 'S256',
      ...extra,
    };
    for (const [name, value] of Object.entries(parameters)) {
      if (value !== undefined) url.searchParams.set(name, value);
    }
    return url.href;
  }

  /** The tokens for a code, and what the ID token says once its signature has been checked. */
  async redeem(code) {
    const { token_endpoint, jwks_uri } = await this.discover();
    const response = await fetch(token_endpoint, {
      method: 'POST',
      headers: { authorization: `Basic ${btoa(`curfew:demo-secret-of-${this.slug}`)}` },
      body: new URLSearchParams({
        grant_type: 'authorization_code',
        code,
        redirect_uri: this.redirectUri,
        code_verifier: this.#verifier,
      }),
    });
    const tokens = await response.json();
    if (!response.ok) throw new Error(JSON.stringify(tokens));
    const { header, claims } = verified(tokens.id_token, await getJson(jwks_uri));
    return { tokens, header, claims };
  }

  /** What one of the provider's tokens says, checked with what it publishes. */
  async read(token) {
    const { jwks_uri } = await this.discover();
    return verified(token, await getJson(jwks_uri));
  }

  /** Somebody signs in, in that browser, from the first address to the ID token. */
  async signIn(browser, email, password, extra) {
    const page = await browser.open(await this.authorizeUrl(extra));
    const { left } = await browser.submit(page.url, { email, password });
    return this.redeem(left.get('code'));
  }
}

function verified(token, { keys }) {
  const [head, payload, signature] = token.split('.');
  const header = JSON.parse(Buffer.from(head, 'base64url'));
  const jwk = keys.find((key) => key.kid === header.kid);
  if (header.alg !== 'RS256' || !jwk)
    throw new Error(`A token is signed with ${header.alg} and an unknown key.`);
  const key = createPublicKey({ key: jwk, format: 'jwk' });
  if (!verify('sha256', Buffer.from(`${head}.${payload}`), key, Buffer.from(signature, 'base64url'))) {
    throw new Error('The signature of a token is wrong.');
  }
  return { header, claims: JSON.parse(Buffer.from(payload, 'base64url')) };
}

export async function getJson(url, init) {
  const response = await fetch(url, init);
  if (!response.ok) throw new Error(`${url} answered ${response.status}`);
  return response.json();
}

/** Sends JSON, if any, and gives the answer's status and JSON, if any. */
export async function send(method, url, value, headers) {
  const response = await fetch(url, {
    method,
    headers: { ...(value && { 'content-type': 'application/json' }), ...headers },
    body: value && JSON.stringify(value),
  });
  const text = await response.text();
  return { status: response.status, body: text && JSON.parse(text) };
}

/** What proves that an answer comes from the provider's own page. */
export const xsrfOf = ({ text }) => /name="xsrf" value="([\w-]+)"/.exec(text)[1];

export const trinity = { email: 'trinity@whiterabbit.fake', password: 'Zion' };
