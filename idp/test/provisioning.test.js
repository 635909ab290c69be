import assert from 'node:assert/strict';
import { test } from 'node:test';
import { list, slug, startScim, sub, token, trinityThere } from './scim-app.js';
import { App, Browser, getJson, send, startIdp, trinity } from './support.js';

const SEARCH = `GET /Users?filter=userName eq "${trinity.email}"&startIndex=1&count=100`;

/** A provider whose company has the app's key, and an app that has these users. */
async function world(t, ...users) {
  const app = await startScim(t, structuredClone(users));
  const origin = await startIdp(t, { apiUrl: app.url });
  const api = `${origin}/admin/api/${slug}`;
  await send('PUT', `${api}/scim`, { token });
  const act = (name, value, of = sub) => send('POST', `${api}/people/${of}/${name}`, value);
  return { app, origin, api, act };
}

test('a key is asked for by the first two users, as Okta does, and is good for nothing once removed', async (t) => {
  const { app, api, act } = await world(t, trinityThere);
  const connection = { baseUrl: `${app.url}/scim/v2`, connected: true, lastFour: 'wxyz' };
  assert.deepEqual(await getJson(`${api}/scim`), connection);
  assert.deepEqual(await send('PUT', `${api}/scim`, { token: `Bearer ${token}` }), {
    status: 200,
    body: connection,
  });

  const { status, body } = await send('POST', `${api}/test-scim`);
  assert.equal(status, 200);
  assert.deepEqual(body, { status: 200, ms: body.ms, totalResults: 1 });
  const [request] = app.received;
  assert.equal(request.line, 'GET /Users?startIndex=1&count=2');
  assert.equal(request.url, '/scim/v2/Users?startIndex=1&count=2');
  assert.equal(request.headers.authorization, `Bearer ${token}`);
  assert.equal(request.headers.accept, 'application/scim+json');

  assert.equal((await send('DELETE', `${api}/scim`)).status, 204);
  assert.deepEqual(await getJson(`${api}/scim`), { baseUrl: connection.baseUrl, connected: false });
  assert.deepEqual(await act('assign'), {
    status: 409,
    body: { error: 'There is no SCIM connection: set a key first.' },
  });
  for (const wrong of [undefined, '', 7, 'two words', 'a\nline', 'clé']) {
    assert.equal((await send('PUT', `${api}/scim`, { token: wrong })).status, 400);
  }
  assert.equal(app.received.length, 1);
});

test('whom the app does not have is made there, with what Okta sends', async (t) => {
  const { app, api, act } = await world(t);
  const { status, body } = await act('assign');
  assert.equal(status, 200);
  assert.deepEqual(body, { status: 201, ms: body.ms, id: 'u-1', active: true, roles: [] });

  assert.deepEqual(app.lines(), [SEARCH, 'POST /Users']);
  const [search, made] = app.received;
  assert.equal(
    search.url,
    '/scim/v2/Users?filter=userName%20eq%20%22trinity%40whiterabbit.fake%22&startIndex=1&count=100',
  );
  assert.equal(made.headers['content-type'], 'application/scim+json');
  const { password } = made.body;
  assert.match(password, /^[\w-]{12}$/);
  assert.notEqual(password, trinity.password);
  assert.deepEqual(made.body, {
    schemas: ['urn:ietf:params:scim:schemas:core:2.0:User'],
    userName: trinity.email,
    name: { givenName: 'Trinity', familyName: 'Anderson' },
    emails: [{ primary: true, value: trinity.email, type: 'work' }],
    displayName: 'Trinity Anderson',
    locale: 'en-US',
    externalId: sub,
    groups: [],
    password,
    active: true,
  });

  const sent = await getJson(`${api}/sent`);
  assert.deepEqual(
    sent.map(({ what, name, subject, status }) => ({ what, name, subject, status })),
    [
      { what: 'SCIM', name: 'Trinity Anderson', subject: 'POST /Users', status: 201 },
      { what: 'SCIM', name: 'Trinity Anderson', subject: SEARCH, status: 200 },
    ],
  );
  assert.ok(!JSON.stringify(sent).includes(password));
});

test('a name is split at its last space, and may have none', async (t) => {
  const { app, api, act } = await world(t);
  for (const [name, expected] of [
    ['Persephone Maria del Mar', { givenName: 'Persephone Maria del', familyName: 'Mar' }],
    ['Apoc', { givenName: 'Apoc' }],
  ]) {
    const email = `"${name.slice(0, 4)}\\"@whiterabbit.fake`;
    const { body } = await send('POST', `${api}/people`, { name, email, password: 'x' });
    await act('assign', undefined, body.sub);
    const [search, made] = app.received.slice(-2);
    assert.equal(
      search.line,
      `GET /Users?filter=userName eq ${JSON.stringify(email)}&startIndex=1&count=100`,
    );
    assert.deepEqual(made.body.name, expected);
  }
});

test('whom the app has is sent whole, active again, with all else as it was', async (t) => {
  const { app, act } = await world(t, { ...trinityThere, active: false });
  const { body } = await act('assign');
  assert.deepEqual(body, { status: 200, ms: body.ms, id: 'u-trinity', active: true, roles: ['Member'] });
  assert.deepEqual(app.lines(), [SEARCH, 'PUT /Users/u-trinity']);
  assert.deepEqual(app.received[1].body, { ...trinityThere, locale: 'en-US', externalId: sub });
});

test('unassigned by PATCH, in one request once the app’s id is known, whether it answers with a user or not', async (t) => {
  const { app, act } = await world(t, trinityThere);
  const unassign = { schemas: ['urn:ietf:params:scim:api:messages:2.0:PatchOp'] };
  unassign.Operations = [{ op: 'replace', value: { active: false } }];
  const first = await act('unassign', { by: 'patch' });
  assert.deepEqual(first.body, {
    status: 200,
    ms: first.body.ms,
    id: 'u-trinity',
    active: false,
    roles: ['Member'],
  });
  assert.deepEqual(app.lines(), [SEARCH, 'PATCH /Users/u-trinity']);
  assert.deepEqual(app.received[1].body, unassign);

  app.answers = ({ line }) => (line.startsWith('PATCH') ? { status: 204 } : undefined);
  const second = await act('unassign', { by: 'patch' });
  assert.deepEqual(second.body, { ...first.body, status: 204, ms: second.body.ms });
  assert.equal(app.received.length, 3);
});

test('unassigned by PUT of the whole user', async (t) => {
  const { app, act } = await world(t, trinityThere);
  const { body } = await act('unassign', { by: 'put' });
  assert.equal(body.active, false);
  assert.deepEqual(app.lines(), [SEARCH, 'GET /Users/u-trinity', 'PUT /Users/u-trinity']);
  assert.deepEqual(app.received[2].body, { ...trinityThere, active: false });
});

test('whom the app does not have cannot be unassigned, nor can anybody in a way there is not', async (t) => {
  const { app, act } = await world(t);
  assert.deepEqual(await act('unassign', { by: 'patch' }), {
    status: 409,
    body: { error: `Curfew has nobody named ${trinity.email}: assign them first.` },
  });
  assert.deepEqual(app.lines(), [SEARCH]);
  assert.equal((await act('unassign', { by: 'delete' })).status, 400);
  assert.equal((await act('unassign', { by: 'put' }, 'nobody')).status, 404);
  assert.equal(app.received.length, 1);
});

test('a new name and address are what ID tokens say and what the app is sent', async (t) => {
  const { app, origin, act } = await world(t, trinityThere);
  const { body } = await act('rename', { name: 'Trinity of Zion', email: 'trin@zion.fake' });
  assert.equal(body.status, 200);
  assert.deepEqual(app.lines(), [SEARCH, 'GET /Users/u-trinity', 'PUT /Users/u-trinity']);
  assert.deepEqual(app.received[2].body, {
    ...trinityThere,
    userName: 'trin@zion.fake',
    name: { givenName: 'Trinity of', familyName: 'Zion' },
    emails: [{ primary: true, value: 'trin@zion.fake', type: 'work' }],
    displayName: 'Trinity of Zion',
    locale: 'en-US',
    externalId: sub,
  });

  const client = new App(origin, slug, app.url);
  const { claims } = await client.signIn(new Browser(origin), 'trin@zion.fake', trinity.password);
  assert.deepEqual([claims.sub, claims.name, claims.email], [sub, 'Trinity of Zion', 'trin@zion.fake']);
});

test('somebody is renamed here also when the app does not have them, or nobody can be told', async (t) => {
  const { app, api, act } = await world(t);
  const rename = { name: 'Trin Anderson' };
  assert.deepEqual(await act('rename', rename), { status: 200, body: {} });
  assert.deepEqual(app.lines(), [SEARCH]);
  await send('DELETE', `${api}/scim`);
  assert.deepEqual(await act('rename', { name: 'Trin' }), { status: 200, body: {} });
  assert.equal(app.received.length, 1);

  assert.equal((await act('rename', { name: ' ' })).status, 400);
  assert.equal((await act('rename', { ...rename, email: 'nowhere' })).status, 400);
  assert.equal((await act('rename', { ...rename, email: 'Morpheus@whiterabbit.fake' })).status, 409);
  const [{ name, email }] = await getJson(`${api}/people`);
  assert.deepEqual([name, email], ['Trin', trinity.email]);
});

test('roles are what the app says it has, and are given by name or id, and taken', async (t) => {
  const { app, api, act } = await world(t, trinityThere);
  assert.deepEqual(await getJson(`${api}/roles`), [
    { id: 'r-auditor', displayName: 'Auditor', description: 'Looks.', attribute: 'roles', type: 'Role' },
    { id: 'r-member', displayName: 'Member', attribute: 'roles', type: 'Role' },
    { id: 'b-tall', displayName: 'Is tall', attribute: 'entitlements', type: 'Height' },
  ]);
  assert.deepEqual(app.lines(), ['GET /ResourceTypes', 'GET /Roles', 'GET /Badges']);

  const auditor = await act('role', { role: 'auditor' });
  assert.deepEqual(auditor.body.roles, ['Auditor']);
  assert.deepEqual(app.lines().slice(3), [SEARCH, 'GET /Users/u-trinity', 'PUT /Users/u-trinity']);
  assert.deepEqual(app.received.at(-1).body, {
    ...trinityThere,
    roles: [{ value: 'r-auditor', display: 'Auditor' }],
  });

  const tall = await act('role', { role: 'b-tall' });
  assert.deepEqual(tall.body.roles, ['Auditor', 'Is tall']);
  assert.deepEqual(app.received.at(-1).body.entitlements, [
    { value: 'b-tall', display: 'Is tall', type: 'Height' },
  ]);

  const none = await act('role', { role: null });
  assert.deepEqual(none.body.roles, []);
  assert.deepEqual([app.received.at(-1).body.roles, app.received.at(-1).body.entitlements], [[], []]);
});

test('a role that nobody has asked for yet is looked up, and one that there is not is refused', async (t) => {
  const { app, act } = await world(t, trinityThere);
  assert.deepEqual(await act('role', { role: 'The One' }), {
    status: 404,
    body: { error: 'Curfew has no role The One.' },
  });
  assert.deepEqual(app.lines(), ['GET /ResourceTypes', 'GET /Roles', 'GET /Badges']);
  assert.equal((await act('role', { role: 7 })).status, 400);
  assert.equal((await act('role', { role: 'Member' })).status, 200);
});

test('an import reads all pages, confirms whom both know, and wants last names', async (t) => {
  const others = Array.from({ length: 118 }, (_, i) => ({ id: `u-${i}`, userName: `${i}@zion.fake` }));
  const morpheus = {
    id: 'u-morpheus',
    userName: 'MORPHEUS@whiterabbit.fake',
    name: { givenName: 'Morpheus' },
    active: true,
  };
  const { app, api, act } = await world(t, trinityThere, ...others, morpheus);
  assert.equal((await send('GET', `${api}/import`)).status, 404);
  const { status, body } = await send('POST', `${api}/import`);
  assert.equal(status, 200);
  assert.deepEqual(app.lines(), ['GET /Users?startIndex=1&count=100', 'GET /Users?startIndex=101&count=100']);
  assert.equal(body.totalResults, 120);
  assert.equal(body.people.length, 120);
  assert.deepEqual(body.people[0], {
    id: 'u-trinity',
    active: true,
    roles: ['Member'],
    userName: trinity.email,
    email: trinity.email,
    name: 'Trinity Anderson',
    sub,
  });
  assert.equal(body.people[119].refused, 'Last name is missing');
  assert.equal(body.people[119].sub, undefined);
  const { at, ...kept } = await getJson(`${api}/import`);
  assert.ok(Math.abs(Date.now() - Date.parse(at)) < 60_000);
  assert.deepEqual(kept, { totalResults: body.totalResults, people: body.people });

  // Who is confirmed need not be asked for by name.
  await act('unassign', { by: 'patch' });
  assert.equal(app.lines()[2], 'PATCH /Users/u-trinity');

  const morpheusHere = '00u3vfN8sYp6GjZe1Ta9';
  app.users.find(({ id }) => id === 'u-morpheus').userName = 'morpheus@whiterabbit.fake';
  await act('rename', { name: 'Morpheus Nebuchadnezzar' }, morpheusHere);
  const again = await send('POST', `${api}/import`);
  assert.equal(again.body.people[119].sub, morpheusHere);
});

test('an import ends, whatever the app says', async (t) => {
  const { app, api } = await world(t);
  app.answers = () => list([], 5);
  const empty = await send('POST', `${api}/import`);
  assert.deepEqual([empty.body.totalResults, empty.body.people], [5, []]);
  assert.equal(app.received.length, 1);

  app.answers = () => list([trinityThere], 1_000_000);
  const endless = await send('POST', `${api}/import`);
  assert.equal(endless.body.people.length, 10);
  assert.equal(app.received.length, 11);
});

test('what is known of somebody ends with them', async (t) => {
  const { app, api, act } = await world(t, trinityThere);
  await act('assign');
  await send('DELETE', `${api}/people/${sub}`);
  await send('POST', `${api}/people`, { ...trinity, name: 'Trinity', sub });
  await act('unassign', { by: 'patch' });
  assert.deepEqual(app.lines().slice(2), [SEARCH, 'PATCH /Users/u-trinity']);
});
