import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  App,
  Browser,
  getJson,
  nobodyListening,
  publicUrl,
  send,
  startIdp,
  startReceiver,
  trinity,
  xsrfOf,
} from './support.js';

const back = `${publicUrl}/signed-out`;

async function world(t, apiUrl) {
  const receiver = await startReceiver(t, 200);
  const origin = await startIdp(t, { apiUrl: apiUrl ?? receiver.url });
  const app = new App(origin, 'whiterabbit.fake', apiUrl ?? receiver.url);
  const browser = new Browser(origin);
  const { end_session_endpoint } = await app.discover();
  return {
    app,
    browser,
    receiver,
    end_session_endpoint,
    ...(await app.signIn(browser, trinity.email, trinity.password)),
    leave: (parameters, by = browser) =>
      by.open(`${end_session_endpoint}?${new URLSearchParams({ client_id: 'curfew', ...parameters })}`),
    endAllHere: () => send('DELETE', `${origin}/admin/api/${app.slug}/people/00u7hq2mXw9KtRb4Ld5c/sessions`),
    sessions: () => getJson(`${origin}/admin/api/${app.slug}/sessions`),
  };
}

const wish = (id_token_hint) => ({ id_token_hint, post_logout_redirect_uri: back, state: 'a state & more' });

async function sidsOf(app, { received }) {
  const tokens = received.map(({ body }) => new URLSearchParams(body).get('logout_token'));
  const read = await Promise.all(tokens.map((token) => app.read(token)));
  return read.map(({ claims }) => claims.sid);
}

test('with the ID token of this session, one goes straight back', async (t) => {
  const { app, browser, receiver, tokens, claims, leave, sessions } = await world(t);
  const { url, left } = await leave(wish(tokens.id_token));
  assert.equal(url.split('?')[0], back);
  assert.deepEqual([...left], [['state', 'a state & more']]);
  assert.deepEqual(await sessions(), []);
  assert.deepEqual(await sidsOf(app, receiver), [claims.sid]);
  assert.match((await browser.open(await app.authorizeUrl())).text, /<h1>Sign in<\/h1>/);

  const userinfo = await fetch(`${app.issuer}/me`, {
    headers: { authorization: `Bearer ${tokens.access_token}` },
  });
  assert.equal(userinfo.status, 401);
});

test('without a way back or a state, none is made up', async (t) => {
  const first = await world(t);
  const page = await first.leave({ id_token_hint: first.tokens.id_token, state: 'unasked' });
  assert.match(page.text, /You are signed out/);
  assert.deepEqual(await first.sessions(), []);

  const second = await world(t);
  const { id_token } = second.tokens;
  assert.equal((await second.leave({ id_token_hint: id_token, post_logout_redirect_uri: back })).url, back);
});

test('a way back that is not registered leads nowhere, and ends nothing', async (t) => {
  const { tokens, leave, sessions } = await world(t);
  const page = await leave({ ...wish(tokens.id_token), post_logout_redirect_uri: `${publicUrl}/elsewhere` });
  assert.equal(page.status, 400);
  const [header, payload] = tokens.id_token.split('.');
  const forged = await leave(wish(`${header}.${payload}.${'A'.repeat(342)}`));
  assert.equal(forged.status, 400);
  assert.equal((await sessions()).length, 1);
});

test('without a hint it is asked, and then one goes back', async (t) => {
  const { app, browser, receiver, claims, leave, end_session_endpoint, sessions } = await world(t);
  const { id_token_hint: _none, ...parameters } = wish('');
  const page = await leave(parameters);
  assert.match(page.text, /Sign out of White Rabbit\?.*as <strong>Trinity Anderson<\/strong>/s);
  assert.equal((await sessions()).length, 1);

  const answer = { xsrf: xsrfOf(page), logout: 'yes' };
  const { left } = await browser.submit(`${end_session_endpoint}/confirm`, answer);
  assert.equal(left.get('state'), 'a state & more');
  assert.deepEqual(await sessions(), []);
  assert.deepEqual(await sidsOf(app, receiver), [claims.sid]);
});

test('with the ID token of another person or another browser it is asked', async (t) => {
  const { app, tokens, receiver, leave, sessions } = await world(t);
  const issuer = new URL(app.issuer).origin;
  for (const [email, password] of [
    ['morpheus@whiterabbit.fake', 'Nebuchadnezzar'],
    [trinity.email, trinity.password],
  ]) {
    const other = new Browser(issuer);
    await app.signIn(other, email, password);
    const page = await leave(wish(tokens.id_token), other);
    assert.match(page.text, /Sign out of White Rabbit\?/);
  }
  assert.equal((await sessions()).length, 3);
  assert.deepEqual(receiver.received, []);
});

test('whose session here is over already comes back unasked', async (t) => {
  const { browser, tokens, leave, end_session_endpoint, endAllHere } = await world(t);
  await endAllHere();
  // A page that browsers send on by themselves.
  const page = await leave(wish(tokens.id_token));
  assert.doesNotMatch(page.text, /Sign out of White Rabbit\?/);
  const answer = { xsrf: xsrfOf(page), logout: 'yes' };
  const { url, left } = await browser.submit(`${end_session_endpoint}/confirm`, answer);
  assert.equal(url.split('?')[0], back);
  assert.equal(left.get('state'), 'a state & more');
});

test('an app that cannot be told keeps nobody here', async (t) => {
  const said = t.mock.method(console, 'error', () => {});
  const { tokens, leave, sessions } = await world(t, await nobodyListening(t));
  const { left } = await leave(wish(tokens.id_token));
  assert.equal(left.get('state'), 'a state & more');
  assert.deepEqual(await sessions(), []);
  assert.equal(said.mock.callCount(), 1);
});
