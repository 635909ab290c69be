import assert from 'node:assert/strict';
import { test } from 'node:test';
import { App, Browser, getJson, startIdp, trinity } from './support.js';

async function world(t, slug = 'whiterabbit.fake') {
  const origin = await startIdp(t);
  return { origin, app: new App(origin, slug), browser: new Browser(origin) };
}

test('a person signs in and the app learns who it is', async (t) => {
  const { origin, app, browser } = await world(t);
  const { issuer, authorization_response_iss_parameter_supported } = await app.discover();
  assert.equal(issuer, app.issuer);
  assert.equal(authorization_response_iss_parameter_supported, true);

  const page = await browser.open(await app.authorizeUrl({ login_hint: trinity.email }));
  assert.match(page.text, /Demo identity provider of White Rabbit/);
  assert.match(page.text, /value="trinity@whiterabbit\.fake"/);

  const { url, left } = await browser.submit(page.url, trinity);
  assert.equal(url.split('?')[0], app.redirectUri);
  assert.equal(left.get('state'), app.state);
  assert.equal(left.get('iss'), app.issuer);

  const { tokens, claims } = await app.redeem(left.get('code'));
  const [session] = await getJson(`${origin}/admin/api/${app.slug}/sessions`);
  assert.equal(claims.iss, app.issuer);
  assert.equal(claims.aud, 'curfew');
  assert.equal(claims.nonce, app.nonce);
  assert.equal(claims.name, 'Trinity Anderson');
  assert.equal(claims.email, trinity.email);
  assert.equal(claims.email_verified, true);
  assert.match(claims.sub, /^00u\w{17}$/);
  assert.deepEqual(session, {
    uid: session.uid,
    sid: claims.sid,
    sub: claims.sub,
    email: trinity.email,
    authTime: claims.auth_time,
  });

  const userinfo = await getJson(`${app.issuer}/me`, {
    headers: { authorization: `Bearer ${tokens.access_token}` },
  });
  assert.deepEqual(userinfo, {
    sub: claims.sub,
    name: claims.name,
    email: claims.email,
    email_verified: true,
  });
});

test('whoever is signed in is asked again only when the app wants it, and the time is a new one', async (t) => {
  t.mock.timers.enable({ apis: ['Date'], now: Date.now() });
  const { app, browser } = await world(t);
  const first = await app.signIn(browser, trinity.email, trinity.password);
  t.mock.timers.tick(60_000);

  const { left } = await browser.open(await app.authorizeUrl());
  const second = await app.redeem(left.get('code'));
  assert.equal(second.claims.auth_time, first.claims.auth_time);
  assert.equal(second.claims.sid, first.claims.sid);

  const page = await browser.open(await app.authorizeUrl({ prompt: 'login' }));
  assert.match(page.text, /White Rabbit asks you to confirm it is you\./);
  assert.match(page.text, /value="trinity@whiterabbit\.fake"/);
  const third = await app.signIn(browser, trinity.email, trinity.password, { prompt: 'login' });
  assert.equal(third.claims.auth_time, first.claims.auth_time + 60);

  t.mock.timers.tick(60_000);
  const stillYoung = await browser.open(await app.authorizeUrl({ max_age: '300' }));
  assert.ok(stillYoung.left?.get('code'));
  const tooOld = await browser.open(await app.authorizeUrl({ max_age: '30' }));
  assert.match(tooOld.text, /confirm it is you/);
});

test('a wrong password is said kindly, and the email stays', async (t) => {
  const { app, browser } = await world(t);
  const page = await browser.open(await app.authorizeUrl());

  const wrong = await browser.submit(page.url, { ...trinity, password: 'zion' });
  assert.equal(wrong.status, 422);
  assert.match(wrong.text, /Please try again/);
  assert.match(wrong.text, /value="trinity@whiterabbit\.fake"/);
  const unknown = await browser.submit(page.url, { email: '"><b>nobody', password: 'Zion' });
  assert.equal(unknown.status, 422);
  assert.match(unknown.text, /value="&quot;&gt;&lt;b&gt;nobody"/);

  const { left } = await browser.submit(page.url, { email: 'TRINITY@whiterabbit.fake', password: 'Zion' });
  assert.ok(left.get('code'));
});

test('a person who does not want to sign in is sent back', async (t) => {
  const { app, browser } = await world(t);
  const page = await browser.open(await app.authorizeUrl());
  const { left } = await browser.submit(page.url, { cancel: 'yes' });
  assert.equal(left.get('error'), 'access_denied');
  assert.equal(left.get('state'), app.state);
});

test('two tabs of one browser can sign in at once', async (t) => {
  const { origin, app, browser } = await world(t);
  const other = new App(origin, app.slug);
  for (const extra of [{}, { prompt: 'login' }]) {
    const pages = [];
    for (const tab of [app, other]) pages.push(await browser.open(await tab.authorizeUrl(extra)));
    for (const [i, tab] of [app, other].entries()) {
      const { left } = await browser.submit(pages[i].url, trinity);
      assert.equal(left.get('state'), tab.state);
      await tab.redeem(left.get('code'));
    }
  }
});

test('one company knows nothing of another', async (t) => {
  const { origin, app, browser } = await world(t);
  await app.signIn(browser, trinity.email, trinity.password);

  const other = new App(origin, 'matrix.fake');
  const page = await browser.open(await other.authorizeUrl());
  assert.match(page.text, /Demo identity provider of Matrix/);
  const stranger = await browser.submit(page.url, trinity);
  assert.equal(stranger.status, 422);
  await other.signIn(browser, 'smith@matrix.fake', 'Mr. Anderson');
  await assert.rejects(other.redeem('a code of nobody’s'), /invalid_grant/);

  const [ours, theirs] = await Promise.all([app, other].map(({ issuer }) => getJson(`${issuer}/jwks`)));
  assert.notEqual(ours.keys[0].kid, theirs.keys[0].kid);
  assert.ok((await browser.open(await app.authorizeUrl())).left.get('code'));
});

test('what an app may not ask for is refused', async (t) => {
  const { app, browser } = await world(t);
  const elsewhere = await browser.open(
    await app.authorizeUrl({ redirect_uri: `${app.redirectUri}/elsewhere` }),
  );
  assert.equal(elsewhere.status, 400);
  assert.match(elsewhere.text, /has not registered here/);

  const withoutPkce = { code_challenge: undefined, code_challenge_method: undefined };
  const { left } = await browser.open(await app.authorizeUrl(withoutPkce));
  assert.equal(left.get('error'), 'invalid_request');

  const consent = await browser.open(await app.authorizeUrl({ prompt: 'consent' }));
  assert.equal(consent.left.get('error'), 'invalid_request');
});
