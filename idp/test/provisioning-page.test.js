import assert from 'node:assert/strict';
import { test } from 'node:test';
import { slug, startScim, sub, token, trinityThere } from './scim-app.js';
import { Browser, getJson, startIdp } from './support.js';

async function world(t) {
  const app = await startScim(t, [structuredClone(trinityThere)]);
  const origin = await startIdp(t, { apiUrl: app.url });
  const browser = new Browser(origin);
  return {
    app,
    api: `${origin}/admin/api/${slug}`,
    page: () => browser.open(`${origin}/admin`),
    press: (path, fields = {}) => browser.submit(`${origin}/admin/${slug}/${path}`, fields),
  };
}

test('without a key the page offers to set one, and nothing that needs it', async (t) => {
  const { app, page, press, api } = await world(t);
  const before = (await page()).text;
  assert.match(before, /<label for="whiterabbit\.fake-token">API key with the scope scim<\/label>/);
  assert.doesNotMatch(before, /Assign Trinity/);
  assert.match(before, /aria-label="Rename Trinity Anderson"/);
  assert.match(
    (await press(`people/${sub}/rename`, { name: 'Trin', email: 'trin@x.fake' })).text,
    /Renamed here\./,
  );
  assert.deepEqual(app.received, []);

  const refused = await press('scim', { token: 'no key' });
  assert.match(refused.text, /role="alert">The token must be one of the app’s API keys\./);
  const set = await press('scim', { token });
  assert.match(set.url, /\/admin\?said=[\w-]+#whiterabbit\.fake-provisioning$/);
  assert.match(set.text, /role="status">The key is set\./);
  assert.match(set.text, /Key that ends in<\/dt>\s*<dd><code>wxyz<\/code>/);
  assert.match(set.text, /aria-label="Assign Trin"/);
  assert.equal((await getJson(`${api}/scim`)).connected, true);

  assert.match((await press('remove-scim')).text, /role="status">The key is forgotten here\./);
  assert.equal((await getJson(`${api}/scim`)).connected, false);
});

test('each act has a button, and says what came of it', async (t) => {
  const { app, page, press } = await world(t);
  await press('scim', { token });
  assert.match((await press('test-scim')).text, /role="status">Curfew accepts the key\. It has 1 person\./);

  const assigned = await press(`people/${sub}/assign`);
  assert.ok(assigned.url.endsWith(`#${sub}`));
  assert.doesNotMatch((await page()).text, /Assigned: Curfew has them/);
  assert.match(assigned.text, /Assigned: Curfew has them as u-trinity\./);
  assert.match(assigned.text, /Assigned to Curfew, as\s+<code>u-trinity<\/code>/);
  assert.match(assigned.text, /PUT \/Users\/u-trinity/);
  for (const by of ['patch', 'put']) {
    assert.match(
      (await press(`people/${sub}/unassign`, { by })).text,
      /Unassigned: Curfew lets them in no more/,
    );
  }
  assert.match((await page()).text, /Deactivated at Curfew, as/);
  assert.match((await press(`people/${sub}/unassign`, { by: 'fax' })).text, /by must be patch or put\./);

  const renamed = await press(`people/${sub}/rename`, {
    name: 'Trin Anderson',
    email: 'trin@whiterabbit.fake',
  });
  assert.match(renamed.text, /Renamed, here and at Curfew\./);
  assert.equal(app.users[0].displayName, 'Trin Anderson');
});

test('roles are a choice once they are found', async (t) => {
  const { app, press } = await world(t);
  assert.match((await press('scim', { token })).text, /Which roles there are is not known yet/);
  const found = await press('roles');
  assert.match(found.text, /Curfew has 3 roles to give\./);
  assert.match(found.text, /<option value="r-auditor" *>Auditor<\/option>/);

  const given = await press(`people/${sub}/role`, { role: 'r-auditor' });
  assert.match(given.text, /Curfew says: Auditor\./);
  assert.match(given.text, /<option value="r-auditor" selected>Auditor<\/option>/);
  assert.match((await press(`people/${sub}/role`, { role: '' })).text, /Curfew says: no role\./);
  assert.deepEqual(app.users[0].roles, []);
});

test('an import shows who is there, whom the provider knows, and whom Okta would refuse', async (t) => {
  const { app, press } = await world(t);
  app.users.push(
    { id: 'u-2', userName: 'cypher@whiterabbit.fake', name: { familyName: 'Reagan' }, active: false },
    { id: 'u-3', userName: 'morpheus@whiterabbit.fake', name: { givenName: 'Morpheus' }, active: true },
  );
  await press('scim', { token });
  const { text } = await press('import');
  assert.match(text, /Curfew has 3 people\./);
  assert.match(text, new RegExp(`Trinity Anderson</strong>.*href="#${sub}">Confirmed`, 's'));
  assert.match(
    text,
    /Reagan<\/strong>\s*<span>cypher@whiterabbit\.fake \(deactivated\)<\/span>.*Not known here/s,
  );
  assert.match(text, /Morpheus<\/strong>.*Not imported: Last name is missing/s);
});
