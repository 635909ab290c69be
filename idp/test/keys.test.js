import assert from 'node:assert/strict';
import { test } from 'node:test';
import { App, Browser, getJson, publicUrl, send, startIdp, startReceiver, trinity } from './support.js';

test('after a rotation the new key signs, and what the old one has signed still counts', async (t) => {
  const receiver = await startReceiver(t, 204);
  const origin = await startIdp(t, { apiUrl: receiver.url });
  const app = new App(origin, 'whiterabbit.fake', receiver.url);
  const other = new App(origin, 'matrix.fake', receiver.url);
  const api = `${origin}/admin/api/${app.slug}`;
  const browser = new Browser(origin);
  const kids = async ({ issuer }) => (await getJson(`${issuer}/jwks`)).keys.map(({ kid }) => kid);

  const before = await app.signIn(browser, trinity.email, trinity.password);
  const othersBefore = await kids(other);
  const underWay = new Browser(origin);
  const page = await underWay.open(await app.authorizeUrl());

  const { status, body } = await send('POST', `${api}/rotate-key`);
  assert.equal(status, 200);
  assert.notEqual(body.kid, before.header.kid);
  assert.deepEqual(await kids(app), [body.kid, before.header.kid]);
  assert.deepEqual(await kids(other), othersBefore);
  const published = await getJson(`${app.issuer}/jwks`);
  assert.ok(published.keys.every((key) => !('d' in key)));

  // Everything else is as it was: sessions, tokens, and a sign-in that had begun.
  const { left } = await browser.open(await app.authorizeUrl());
  const after = await app.redeem(left.get('code'));
  assert.equal(after.header.kid, body.kid);
  assert.equal(after.claims.sid, before.claims.sid);
  const userinfo = { headers: { authorization: `Bearer ${before.tokens.access_token}` } };
  assert.equal((await getJson(`${app.issuer}/me`, userinfo)).sub, before.claims.sub);
  assert.ok((await underWay.submit(page.url, trinity)).left.get('code'));
  assert.equal((await app.read(before.tokens.id_token)).claims.sub, before.claims.sub);

  // The app's messages are signed with the new key, and a hint by the old one is still believed.
  await send('POST', `${api}/people/${before.claims.sub}/universal-logout`, { format: 'email' });
  const order = receiver.received[0].headers.authorization.replace('Bearer ', '');
  assert.equal((await app.read(order)).header.kid, body.kid);
  const { end_session_endpoint } = await app.discover();
  const back = `${publicUrl}/signed-out`;
  const leaving = new URLSearchParams({
    id_token_hint: before.tokens.id_token,
    post_logout_redirect_uri: back,
  });
  assert.equal((await browser.open(`${end_session_endpoint}?${leaving}`)).url, back);
  const logoutToken = new URLSearchParams(receiver.received[1].body).get('logout_token');
  assert.equal((await app.read(logoutToken)).header.kid, body.kid);
});

test('the page rotates the key, and says that older ones are published', async (t) => {
  const origin = await startIdp(t);
  const browser = new Browser(origin);
  const action = `${origin}/admin/whiterabbit.fake/rotate-key`;
  assert.match((await browser.submit(action, {})).text, /An older one is still published/);
  const { keys } = await getJson(`${origin}/whiterabbit.fake/jwks`);
  const page = await browser.submit(action, {});
  assert.match(page.text, /2 older ones are still published/);
  assert.ok(!page.text.includes(keys[0].kid));
});
