import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  App,
  Browser,
  getJson,
  nobodyListening,
  send,
  startIdp,
  startReceiver,
  trinity,
  xsrfOf,
} from './support.js';

const slug = 'whiterabbit.fake';
const sub = '00u7hq2mXw9KtRb4Ld5c';
const EVENT = 'http://schemas.openid.net/event/backchannel-logout';

async function world(t, { status, apiUrl, patience } = {}) {
  const receiver = await startReceiver(t, status);
  const origin = await startIdp(t, { apiUrl: apiUrl ?? receiver.url, patience });
  const app = new App(origin, slug, apiUrl ?? receiver.url);
  return {
    origin,
    receiver,
    app,
    api: `${origin}/admin/api/${slug}`,
    /** Trinity, in a browser of her own. */
    arrive: async () => {
      const browser = new Browser(origin);
      return { browser, ...(await app.signIn(browser, trinity.email, trinity.password)) };
    },
  };
}

async function assertLogoutToken({ app, receiver }, request, about) {
  assert.equal(request.method, 'POST');
  assert.equal(request.url, `${receiver.url}/orgs/${slug}/backchannel-logout`);
  assert.match(request.headers['content-type'], /^application\/x-www-form-urlencoded/);
  const form = new URLSearchParams(request.body);
  assert.deepEqual([...form.keys()], ['logout_token']);
  const { header, claims } = await app.read(form.get('logout_token'));
  assert.deepEqual(header, { alg: 'RS256', typ: 'logout+jwt', kid: header.kid });
  const { iat, jti } = claims;
  assert.ok(Math.abs(iat - Date.now() / 1000) < 5);
  assert.match(jti, /\S/);
  assert.deepEqual(claims, {
    iss: app.issuer,
    aud: 'curfew',
    iat,
    exp: iat + 120,
    jti,
    events: { [EVENT]: {} },
    ...about,
  });
}

const userinfo = (app, { access_token }) =>
  fetch(`${app.issuer}/me`, { headers: { authorization: `Bearer ${access_token}` } });

test('the provider says that it tells apps when a session ends', async (t) => {
  const { app } = await world(t);
  const configuration = await app.discover();
  assert.equal(configuration.backchannel_logout_supported, true);
  assert.equal(configuration.backchannel_logout_session_supported, true);
});

test('a session that is ended here is over, and the app is told which', async (t) => {
  const there = await world(t, { status: 200 });
  const { app, api, arrive, receiver } = there;
  const gone = await arrive();
  const stays = await arrive();
  const code = (await gone.browser.open(await app.authorizeUrl())).left.get('code');
  const { uid } = (await getJson(`${api}/sessions`)).find(({ sid }) => sid === gone.claims.sid);

  const { status, body } = await send('DELETE', `${api}/sessions/${uid}`);
  assert.equal(status, 200);
  assert.deepEqual(Object.keys(body), ['status', 'ms']);
  assert.equal(body.status, 200);
  assert.equal(receiver.received.length, 1);
  await assertLogoutToken(there, receiver.received[0], { sub, sid: gone.claims.sid });

  const left = await getJson(`${api}/sessions`);
  assert.deepEqual(
    left.map(({ sid }) => sid),
    [stays.claims.sid],
  );
  assert.match((await gone.browser.open(await app.authorizeUrl())).text, /<h1>Sign in<\/h1>/);
  assert.ok((await stays.browser.open(await app.authorizeUrl())).left.get('code'));
  assert.equal((await userinfo(app, gone.tokens)).status, 401);
  await assert.rejects(app.redeem(code), /invalid_grant/);
  assert.equal((await userinfo(app, stays.tokens)).status, 200);

  assert.equal((await send('DELETE', `${api}/sessions/${uid}`)).status, 404);
});

test('all of a person’s sessions end together, with one token that names the person alone', async (t) => {
  const there = await world(t, { status: 204 });
  const { app, api, arrive, receiver } = there;
  await arrive();
  await arrive();
  const other = new Browser(there.origin);
  await app.signIn(other, 'morpheus@whiterabbit.fake', 'Nebuchadnezzar');

  const { status, body } = await send('DELETE', `${api}/people/${sub}/sessions`);
  assert.equal(status, 200);
  assert.equal(body.status, 204);
  assert.equal(receiver.received.length, 1);
  await assertLogoutToken(there, receiver.received[0], { sub });
  const left = await getJson(`${api}/sessions`);
  assert.deepEqual(
    left.map(({ email }) => email),
    ['morpheus@whiterabbit.fake'],
  );
  assert.equal((await send('DELETE', `${api}/people/nobody/sessions`)).status, 404);
});

test('a session that the app had no part in is ended without a word', async (t) => {
  const { app, api, arrive, receiver } = await world(t, { status: 200 });
  const { browser } = await arrive();
  // Out of the app alone: the session here stays, and the app is told.
  const address = new URL((await app.discover()).end_session_endpoint);
  address.search = new URLSearchParams({ client_id: 'curfew' });
  await browser.submit(`${address.origin}${address.pathname}/confirm`, {
    xsrf: xsrfOf(await browser.open(address.href)),
  });
  const [{ uid, sid }] = await getJson(`${api}/sessions`);
  assert.equal(sid, undefined);
  assert.equal(receiver.received.length, 1);

  assert.deepEqual(await send('DELETE', `${api}/sessions/${uid}`), { status: 200, body: {} });
  assert.deepEqual(await getJson(`${api}/sessions`), []);
  assert.equal(receiver.received.length, 1);
});

test('whoever signs in as somebody else is signed out of the app first', async (t) => {
  const there = await world(t, { status: 200 });
  const { app, arrive, receiver } = there;
  const { browser, claims } = await arrive();
  const page = await browser.open(await app.authorizeUrl({ prompt: 'login' }));
  const morpheus = { email: 'morpheus@whiterabbit.fake', password: 'Nebuchadnezzar' };
  const between = await browser.submit(page.url, morpheus);
  const [, confirm] = /action="([^"]+)"/.exec(between.text);
  await browser.submit(confirm, { xsrf: xsrfOf(between), logout: 'yes' });
  await assertLogoutToken(there, receiver.received[0], { sub, sid: claims.sid });
});

test('the page has a button for each, and lists what was sent', async (t) => {
  const { origin, api, arrive, receiver } = await world(t, { status: 200 });
  const { browser, claims } = await arrive();
  const [{ uid }] = await getJson(`${api}/sessions`);
  const before = await browser.open(`${origin}/admin`);
  assert.match(before.text, /aria-label="End session of Trinity Anderson"/);
  assert.match(before.text, /aria-label="End all sessions of Trinity Anderson"/);

  const one = await browser.submit(`${origin}/admin/${slug}/sessions/${uid}`, {});
  assert.match(one.text, new RegExp(`Back-channel logout.*sid ${claims.sid}.*Signed out of Curfew\\.`, 's'));
  receiver.status = 400;
  const all = await browser.submit(`${origin}/admin/${slug}/people/${sub}/end-sessions`, {});
  assert.match(
    all.text,
    new RegExp(`sub ${sub}.*<strong>400</strong>.*does not accept the logout token`, 's'),
  );
});

for (const [how, start] of [
  ['is down', async (t) => ({ apiUrl: await nobodyListening(t) })],
  ['never answers', async () => ({ patience: 200 })],
]) {
  test(`sessions end although the app ${how}, which is said`, async (t) => {
    const said = t.mock.method(console, 'error', () => {});
    const { origin, app, api, arrive } = await world(t, await start(t));
    const { browser } = await arrive();
    const [{ uid }] = await getJson(`${api}/sessions`);
    const one = await send('DELETE', `${api}/sessions/${uid}`);
    assert.equal(one.status, 502);
    assert.match(one.body.error, /could not be reached|gave no answer/);
    assert.deepEqual(await getJson(`${api}/sessions`), []);

    await app.signIn(browser, trinity.email, trinity.password);
    const page = await browser.submit(`${origin}/admin/${slug}/people/${sub}/end-sessions`, {});
    assert.equal(page.status, 200);
    assert.match(page.text, /No answer/);
    assert.deepEqual(await getJson(`${api}/sessions`), []);

    await app.signIn(browser, trinity.email, trinity.password);
    const { end_session_endpoint } = await app.discover();
    const xsrf = xsrfOf(await browser.open(end_session_endpoint));
    const out = await browser.submit(`${end_session_endpoint}/confirm`, { xsrf, logout: 'yes' });
    assert.match(out.text, /You are signed out/);
    assert.deepEqual(await getJson(`${api}/sessions`), []);
    assert.deepEqual(
      said.mock.calls.map(({ arguments: [line] }) => /^Back-channel logout: Curfew .*\.$/.test(line)),
      [true, true, true],
    );
  });
}
