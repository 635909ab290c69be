import assert from 'node:assert/strict';
import { test } from 'node:test';
import { App, Browser, getJson, nobodyListening, send, startIdp, startReceiver, trinity } from './support.js';

const slug = 'whiterabbit.fake';
const sub = '00u7hq2mXw9KtRb4Ld5c';

async function world(t, { status, apiUrl, patience } = {}) {
  const receiver = await startReceiver(t, status);
  const origin = await startIdp(t, { apiUrl: apiUrl ?? receiver.url, patience });
  const path = (of) => `${origin}/admin/api/${slug}/people/${of}/universal-logout`;
  return {
    origin,
    receiver,
    app: new App(origin, slug, apiUrl ?? receiver.url),
    browser: new Browser(origin),
    order: (value, of = sub) => send('POST', path(of), value),
    sessions: () => getJson(`${origin}/admin/api/${slug}/sessions`),
    sent: () => getJson(`${origin}/admin/api/${slug}/sent`),
  };
}

test('the app is told whom, with a token that is made for just this', async (t) => {
  const { app, receiver, order } = await world(t, { status: 204 });
  const before = Math.floor(Date.now() / 1000);
  const { status, body } = await order({ format: 'email' });
  assert.equal(status, 200);
  assert.deepEqual(Object.keys(body), ['status', 'ms']);
  assert.equal(body.status, 204);
  assert.ok(Number.isInteger(body.ms));

  const [request] = receiver.received;
  const url = `${receiver.url}/orgs/${slug}/global-token-revocation`;
  assert.equal(request.method, 'POST');
  assert.equal(request.url, url);
  assert.equal(request.headers['content-type'], 'application/json');
  assert.deepEqual(JSON.parse(request.body), { sub_id: { format: 'email', email: trinity.email } });

  const [, token] = /^Bearer (\S+)$/.exec(request.headers.authorization);
  const { header, claims } = await app.read(token);
  assert.deepEqual(header, { alg: 'RS256', typ: 'global-token-revocation+jwt', kid: header.kid });
  const { iat, jti } = claims;
  assert.deepEqual(claims, {
    jti,
    iss: app.issuer,
    sub: 'curfew',
    aud: url,
    iat,
    nbf: iat - 300,
    exp: iat + 300,
  });
  assert.ok(iat >= before && iat <= Date.now() / 1000);

  await order({ format: 'iss_sub' });
  assert.deepEqual(JSON.parse(receiver.received[1].body), {
    sub_id: { format: 'iss_sub', iss: app.issuer, sub },
  });
  const second = await app.read(receiver.received[1].headers.authorization.replace('Bearer ', ''));
  assert.notEqual(second.claims.jti, jti);
});

test('the sessions here live on, unless they are to end, too', async (t) => {
  const { app, browser, order, sessions, receiver } = await world(t, { status: 204 });
  await app.signIn(browser, trinity.email, trinity.password);
  await order({ format: 'email' });
  assert.equal((await sessions()).length, 1);
  await order({ format: 'email', endSessions: true });
  assert.deepEqual(await sessions(), []);
  // The app has heard it already: nothing else is sent.
  assert.equal(receiver.received.length, 2);
});

test('what cannot be asked for is refused, and nothing is sent', async (t) => {
  const { order, receiver } = await world(t, { status: 204 });
  assert.equal((await order({ format: 'opaque' })).status, 400);
  assert.equal((await order({})).status, 400);
  assert.equal((await order({ format: 'email', endSessions: 'no' })).status, 400);
  assert.equal((await order({ format: 'email' }, 'nobody')).status, 404);
  assert.deepEqual(receiver.received, []);
});

test('the page says how it was answered, and keeps the last twenty', async (t) => {
  const { origin, browser, receiver, sent, order } = await world(t, { status: 204 });
  const action = `${origin}/admin/${slug}/people/${sub}/universal-logout`;
  const words = {
    204: /<strong>204<\/strong>\s+after \d+ ms\s.*Signed out of Curfew everywhere\./s,
    401: /<strong>401<\/strong>.*does not accept the token/s,
    404: /<strong>404<\/strong>.*knows no such person/s,
    503: /<strong>503<\/strong>.*Try again\./s,
    302: /<strong>302<\/strong>.*not foreseen/s,
  };
  for (const [status, said] of Object.entries(words)) {
    receiver.status = Number(status);
    const page = await browser.submit(action, { format: 'iss_sub' });
    assert.equal(page.status, 200);
    const [newest] = await sent();
    assert.ok(page.url.endsWith(`/admin#sent-${newest.id}`));
    assert.match(page.text, said);
  }
  for (let i = 0; i < 20; i++) await order({ format: 'email' });
  const entries = await sent();
  assert.equal(entries.length, 20);
  assert.ok(entries.every(({ subject }) => subject === trinity.email));
});

test('an app that is down is said at once', async (t) => {
  const said = t.mock.method(console, 'error', () => {});
  const apiUrl = await nobodyListening(t);
  const { origin, browser, order } = await world(t, { apiUrl });
  const { status, body } = await order({ format: 'email' });
  assert.equal(status, 502);
  assert.deepEqual(body, { error: `Curfew could not be reached at ${apiUrl} (ECONNREFUSED).` });
  assert.equal(said.mock.callCount(), 1);

  const action = `${origin}/admin/${slug}/people/${sub}/universal-logout`;
  const page = await browser.submit(action, { format: 'email', endSessions: 'yes' });
  assert.equal(page.status, 200);
  assert.match(page.text, /<strong>No answer<\/strong>.*could not be reached/s);
});

test('an app that never answers is waited for no longer than the patience', async (t) => {
  t.mock.method(console, 'error', () => {});
  const { order, sent, receiver } = await world(t, { patience: 200 });
  const { status, body } = await order({ format: 'email' });
  assert.equal(status, 502);
  assert.deepEqual(body, { error: `Curfew at ${receiver.url} gave no answer within 0.2 seconds.` });
  const [{ ms }] = await sent();
  assert.ok(ms >= 190 && ms < 2000, `${ms} ms`);
});
