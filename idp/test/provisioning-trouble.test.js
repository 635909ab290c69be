import assert from 'node:assert/strict';
import { test } from 'node:test';
import { refusal, slug, startScim, sub, token, trinityThere } from './scim-app.js';
import { Browser, getJson, nobodyListening, send, startIdp } from './support.js';

async function world(t, { apiUrl, key = token } = {}) {
  const app = await startScim(t, [structuredClone(trinityThere)]);
  const origin = await startIdp(t, { apiUrl: apiUrl ?? app.url, patience: 300 });
  const api = `${origin}/admin/api/${slug}`;
  await send('PUT', `${api}/scim`, { token: key });
  const browser = new Browser(origin);
  return {
    app,
    origin,
    api,
    act: (name, value) => send('POST', `${api}/people/${sub}/${name}`, value),
    press: (path, fields = {}) => browser.submit(`${origin}/admin/${slug}/${path}`, fields),
    page: () => browser.open(`${origin}/admin`),
  };
}

test('a key that the app does not accept is an answer to the test, and ends an act', async (t) => {
  const { api, act, press } = await world(t, { key: 'cfw_another-key-of-theirs-abcd' });
  const { status, body } = await send('POST', `${api}/test-scim`);
  assert.equal(status, 200);
  const error = 'Curfew answered 401: This key is not known.';
  assert.deepEqual(body, { status: 401, ms: body.ms, error });

  const refused = await act('assign');
  assert.deepEqual(refused, { status: 409, body: { error, status: 401, ms: refused.body.ms } });
  const page = await press('test-scim');
  assert.match(
    page.text,
    /<p class="failure" role="alert">Curfew answered 401: This key is not known\.<\/p>/,
  );
});

test('what the app refuses is said beside the person, in its words', async (t) => {
  const { app, act, press } = await world(t);
  app.answers = ({ line }) =>
    line.startsWith('PATCH') ? refusal(409, 'Trinity is the <last> owner.') : undefined;
  const { status, body } = await act('unassign', { by: 'patch' });
  assert.equal(status, 409);
  assert.deepEqual(body, {
    error: 'Curfew answered 409: Trinity is the <last> owner.',
    status: 409,
    ms: body.ms,
  });

  const page = await press(`people/${sub}/unassign`, { by: 'patch' });
  assert.ok(page.url.endsWith(`#${sub}`));
  const item = page.text.split(`id="${sub}"`)[1].split('<li class="person"')[0];
  assert.match(item, /role="alert">Curfew answered 409: Trinity is the &lt;last&gt; owner\.</);
  assert.match(page.text, /PATCH \/Users\/u-trinity<\/code>.*<strong>409<\/strong>/s);
});

test('a new name stays when the app refuses it', async (t) => {
  const { app, api, act } = await world(t);
  app.answers = ({ line }) => (line.startsWith('PUT') ? refusal(409, 'This address is taken.') : undefined);
  const { status } = await act('rename', { name: 'Trin Anderson', email: 'trin@whiterabbit.fake' });
  assert.equal(status, 409);
  assert.equal((await getJson(`${api}/people`))[0].name, 'Trin Anderson');
});

test('whom the app has no more is asked for by name the next time', async (t) => {
  const { app, act } = await world(t);
  await act('assign');
  app.users[0].id = 'u-made-anew';
  const { body } = await act('unassign', { by: 'put' });
  assert.equal(body.status, 404);
  assert.equal((await act('unassign', { by: 'put' })).body.id, 'u-made-anew');
});

for (const [what, answer, said] of [
  ['an answer that is no JSON', { text: 'Curfew' }, 'Curfew answered 200 with something that is not JSON.'],
  [
    'a gateway’s page',
    { status: 502, text: '<h1>Bad gateway</h1>', headers: { 'content-type': 'text/html' } },
    'Curfew answered 502 and does not say why.',
  ],
  ['a server that is not well', refusal(503, 'Later.'), 'Curfew answered 503: Later.'],
  [
    'a redirect, which is not followed',
    { status: 307, headers: { location: '/scim/v2/elsewhere' } },
    'Curfew answered 307 and does not say why.',
  ],
  ['no list', { body: { Resources: [] } }, 'Curfew answered with something else than a list.'],
  [
    'a list of nothing known',
    { body: { totalResults: 1, Resources: [{ id: 7 }] } },
    'Curfew answered with something else than a user.',
  ],
  ['no answer', 'never', /^Curfew at \S+ gave no answer within 0\.3 seconds\.$/],
  [
    'an answer that is too long',
    { text: 'x'.repeat(1024 * 1024 + 1) },
    /^Curfew could not be reached at \S+ \(its answer is too long\)\.$/,
  ],
]) {
  test(`${what} is a 502 with a sentence`, async (t) => {
    t.mock.method(console, 'error', () => {});
    const { app, act, press } = await world(t);
    app.answers = () => answer;
    const { status, body } = await act('assign');
    assert.equal(status, 502);
    if (typeof said === 'string') assert.equal(body.error, said);
    else assert.match(body.error, said);
    assert.equal(app.received.length, 1);
    assert.match((await press(`people/${sub}/assign`)).text, /<p class="failure" role="alert">Curfew/);
  });
}

test('a user that is answered with nothing has not been made, as Okta sees it', async (t) => {
  const { app, act } = await world(t);
  app.users.length = 0;
  app.answers = ({ line }) => (line.startsWith('POST') ? { status: 201 } : undefined);
  const { status, body } = await act('assign');
  assert.deepEqual([status, body.error], [502, 'Curfew answered with something else than a user.']);
});

test('an address of roles that leads elsewhere is not asked', async (t) => {
  const { app, api } = await world(t);
  for (const endpoint of [
    'http://evil.example/Roles',
    '//evil.example',
    '@evil.example',
    '/../x',
    undefined,
  ]) {
    app.answers = () => ({
      body: {
        totalResults: 1,
        Resources: [{ name: 'Role', schema: 'urn:okta:scim:schemas:core:1.0:Role', endpoint }],
      },
    });
    const { status, body } = await send('GET', `${api}/roles`);
    assert.deepEqual(
      [status, body.error],
      [502, 'Curfew answered with a resource type without an endpoint.'],
    );
  }
  assert.equal(app.received.length, 5);
});

test('an app that is down is said at once', async (t) => {
  t.mock.method(console, 'error', () => {});
  const apiUrl = await nobodyListening(t);
  const { api, act } = await world(t, { apiUrl });
  const error = `Curfew could not be reached at ${apiUrl} (ECONNREFUSED).`;
  assert.deepEqual(await act('assign'), { status: 502, body: { error } });
  assert.deepEqual(await send('POST', `${api}/test-scim`), { status: 502, body: { error } });
});

test('no page, no answer and no line of the log shows a key, whatever happens', async (t) => {
  const logged = [];
  for (const method of ['log', 'warn', 'error']) {
    t.mock.method(console, method, (...words) => logged.push(words.map(String).join(' ')));
  }
  const { app, api, act, press, page } = await world(t);
  const shown = [];
  const keep = ({ text, body }) => shown.push(text ?? JSON.stringify(body));

  keep(await send('PUT', `${api}/scim`, { token: `${token} and more` }));
  for (const answers of [() => undefined, () => refusal(401, 'No.'), () => ({ text: 'x' }), () => 'never']) {
    app.answers = answers;
    for (const path of ['test-scim', 'roles', 'import', `people/${sub}/assign`]) keep(await press(path));
    keep(await press('scim', { token }));
    keep(await act('assign'));
    keep(await send('POST', `${api}/test-scim`));
  }
  for (const path of ['scim', 'sent', 'people']) keep({ body: await getJson(`${api}/${path}`) });
  keep(await press('remove-scim'));
  keep(await press('scim', { token: `${token}\n` }));
  keep(await page());

  assert.ok(app.received.every(({ headers }) => headers.authorization === `Bearer ${token}`));
  assert.ok(logged.length > 0);
  for (const text of [...shown, ...logged]) assert.ok(!text.includes(token.slice(0, -4)), text);
});

test('of a short key not even the end is shown', async (t) => {
  const { api, page } = await world(t, { key: '131313' });
  assert.equal((await getJson(`${api}/scim`)).lastFour, undefined);
  assert.doesNotMatch((await page()).text, /1313/);
});
