import assert from 'node:assert/strict';
import { request } from 'node:http';
import { test } from 'node:test';
import { App, Browser, getJson, startIdp, trinity } from './support.js';

const slug = 'whiterabbit.fake';
const switchPerson = { email: 'switch@whiterabbit.fake', name: 'Switch', password: 'Not like this' };

const post = (url, value, headers) =>
  fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(value),
  });

test('somebody new can sign in at once, and is out at once when removed', async (t) => {
  const origin = await startIdp(t);
  const people = `${origin}/admin/api/${slug}/people`;
  const added = await post(people, { ...switchPerson, email_verified: false });
  assert.equal(added.status, 201);
  const { sub } = await added.json();

  const app = new App(origin, slug);
  const browser = new Browser(origin);
  const { claims } = await app.signIn(browser, switchPerson.email, switchPerson.password);
  assert.equal(claims.sub, sub);
  assert.equal(claims.email_verified, false);

  assert.equal((await fetch(`${people}/${sub}`, { method: 'DELETE' })).status, 204);
  assert.deepEqual(await getJson(`${origin}/admin/api/${slug}/sessions`), []);
  const page = await browser.open(await app.authorizeUrl());
  assert.match(page.text, /<h1>Sign in<\/h1>/);
  assert.equal((await fetch(`${people}/${sub}`, { method: 'DELETE' })).status, 404);
});

test('after a reset all is as at the start, and what it has signed is good still', async (t) => {
  const origin = await startIdp(t);
  const api = `${origin}/admin/api/${slug}`;
  const [first] = await getJson(`${api}/people`);
  const keys = await getJson(`${origin}/${slug}/jwks`);
  await post(`${api}/people`, switchPerson);
  await post(`${api}/people/${first.sub}/rename`, { name: 'Somebody Else' });
  await fetch(`${api}/scim`, {
    method: 'PUT',
    headers: { 'content-type': 'application/json' },
    body: '{"token":"131313"}',
  });
  const app = new App(origin, slug);
  await app.signIn(new Browser(origin), trinity.email, trinity.password);
  assert.equal((await getJson(`${api}/sessions`)).length, 1);

  assert.equal((await fetch(`${api}/reset`, { method: 'POST' })).status, 204);
  const people = await getJson(`${api}/people`);
  assert.deepEqual(people[0], first);
  assert.ok(!people.some(({ email }) => email === switchPerson.email));
  assert.deepEqual(await getJson(`${api}/sessions`), []);
  assert.equal((await getJson(`${api}/scim`)).connected, false);
  assert.deepEqual(await getJson(`${origin}/${slug}/jwks`), keys);
  assert.ok((await app.signIn(new Browser(origin), trinity.email, trinity.password)).claims.sub);
});

test('what is taken or missing is refused with a sentence', async (t) => {
  const people = `${await startIdp(t)}/admin/api/${slug}/people`;
  const given = await post(people, { ...switchPerson, sub: 'given' });
  assert.deepEqual(await given.json(), { sub: 'given' });

  const sameEmail = await post(people, { ...switchPerson, email: 'SWITCH@whiterabbit.fake' });
  assert.equal(sameEmail.status, 409);
  assert.deepEqual(await sameEmail.json(), { error: 'SWITCH@whiterabbit.fake is here already.' });
  assert.equal((await post(people, { ...switchPerson, email: 'a@b.fake', sub: 'given' })).status, 409);
  assert.equal((await post(people, { email: 'apoc@whiterabbit.fake' })).status, 400);
});

test('the page adds a person, or says why not and keeps what was typed', async (t) => {
  const origin = await startIdp(t);
  const browser = new Browser(origin);
  const refused = await browser.submit(`${origin}/admin/${slug}/people`, { ...switchPerson, ...trinity });
  assert.equal(refused.status, 409);
  assert.match(refused.text, /trinity@whiterabbit\.fake is here already/);
  assert.match(refused.text, /value="Switch"/);

  const page = await browser.submit(`${origin}/admin/${slug}/people`, switchPerson);
  assert.match(page.text, /Not like this/);
});

test('other sites can neither change anything nor read it', async (t) => {
  const origin = await startIdp(t);
  const people = `${origin}/admin/api/${slug}/people`;
  for (const headers of [
    { origin: 'http://localhost:3000' },
    { 'sec-fetch-site': 'cross-site' },
    { 'sec-fetch-site': 'same-site', origin },
  ]) {
    assert.equal((await post(people, switchPerson, headers)).status, 403);
    for (const path of [
      'people',
      'people/00u7hq2mXw9KtRb4Ld5c/universal-logout',
      'people/00u7hq2mXw9KtRb4Ld5c/end-sessions',
      'sessions/any',
      'rotate-key',
      'scim',
      'remove-scim',
      'test-scim',
      'roles',
      'import',
      ...['assign', 'unassign', 'rename', 'role'].map((act) => `people/00u7hq2mXw9KtRb4Ld5c/${act}`),
    ]) {
      assert.equal((await post(`${origin}/admin/${slug}/${path}`, switchPerson, headers)).status, 403);
    }
    assert.equal((await fetch(`${people}/any/sessions`, { method: 'DELETE', headers })).status, 403);
    const scim = `${origin}/admin/api/${slug}/scim`;
    assert.equal((await fetch(scim, { method: 'DELETE', headers })).status, 403);
  }
  assert.equal((await fetch(people, { headers: { 'sec-fetch-site': 'cross-site' } })).status, 403);

  const rebound = await new Promise((resolve, reject) => {
    const headers = { host: `evil.example:${new URL(origin).port}` };
    request(`${origin}/admin`, { headers }, resolve).on('error', reject).end();
  });
  assert.equal(rebound.statusCode, 421);
  rebound.resume();
});
