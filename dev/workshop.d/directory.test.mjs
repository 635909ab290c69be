// The same for the parts on SCIM and on entitlements: mistakes with the directory, at the provider and here.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { finds, idp, passes, seed } from './support.mjs';

const portal = 'portal.example';
const gridco = 'gridco.example';

async function ask(method, place, body, headers) {
  const response = await fetch(place, {
    method,
    headers: { ...(body && { 'content-type': 'application/json' }), ...headers },
    body: body && JSON.stringify(body),
  });
  const text = await response.text();
  assert.ok(response.ok, `${method} ${place}: ${response.status} ${text}`);
  return text && JSON.parse(text);
}

const atProvider = (company, method, what, body) => ask(method, `${idp}/admin/api/${company}/${what}`, body);

const here = (key, method, path, body) =>
  ask(method, `${process.env.CURFEW_API_URL}/scim/v2${path}`, body, { authorization: `Bearer ${key}` });

const connect = (company, token) => atProvider(company, 'PUT', 'scim', { token });

/** Somebody of the provider's, by address. */
async function person(company, email) {
  const people = await atProvider(company, 'GET', 'people');
  return people.find((each) => each.email === email);
}

async function hireTom() {
  const tom = { email: 'tom.anderson@portal.example', name: 'Tom Anderson', password: 'Metacortex' };
  return (await atProvider(portal, 'POST', 'people', tom)).sub;
}

test('the provider has no key, a wrong one, one for something else, or another company’s', async () => {
  seed('workshop', 'scim');
  finds('3.15', /The provider has no key for portal\.example/, /set the key 131313/);
  await connect(portal, '999');
  finds('3.15', /refuses the provider's key: Curfew answered 401/, /set the key 131313/);
  await connect(portal, seed('key', 'mint', portal, '--scope', 'todos:read').trim());
  finds('3.15', /answered 403: This API key does not have the scope "scim"/, /set the key 131313/);
  seed('org', 'add', 'zion.example');
  await connect(portal, seed('key', 'mint', 'zion.example', '--scope', 'scim').trim());
  finds('3.15', /sees 0 people, and portal\.example has 2/, /it is another company's/);
  seed('org', 'erase', 'zion.example', '--confirm', 'zion.example');
  await connect(portal, '131313');
  passes('3.15');
});

test('nobody was imported, or nobody has a last name', async () => {
  seed('workshop', 'scim');
  await connect(portal, '131313');
  finds('3.16', /The provider has imported nobody/, /press Import/);
  await atProvider(portal, 'POST', 'import');
  finds('3.16', /refuses somnus@portal\.example: Last name is missing/, /by the PUT of this page/);
  const { Resources: people } = await here('131313', 'GET', '/Users');
  for (const { id, userName, name } of people) {
    const whole = {
      userName,
      name: { ...name, familyName: 'Anderson' },
      active: name.givenName !== 'Trinity',
    };
    await here('131313', 'PUT', `/Users/${id}`, whole);
  }
  finds('3.16', /refuses somnus@portal\.example/, /press Import/);
  await atProvider(portal, 'POST', 'import');
  finds('3.16', /Trinity is still deactivated/, /send her PUT/);
});

test('he was not hired, not assigned, or made by hand', async () => {
  seed('workshop', 'scim');
  await connect(portal, '131313');
  finds('3.17', /The provider does not have tom\.anderson@portal\.example/, /add them on its page/);
  const tom = await hireTom();
  finds('3.17', /tom\.anderson@portal\.example is not in portal\.example/, /press Assign/);
  const byHand = { userName: 'tom.anderson@portal.example', externalId: 'T-1', name: { familyName: 'A' } };
  const { id } = await here('131313', 'POST', '/Users', byHand);
  finds('3.17', /here his external id is T-1/, /remove whom you made by hand/);
  await here('131313', 'DELETE', `/Users/${id}`);
  await atProvider(portal, 'POST', `people/${tom}/assign`);
  passes('3.17');
});

test('he may still come in, was never in, or is called otherwise here', async () => {
  seed('workshop', 'scim');
  await connect(portal, '131313');
  const tom = await hireTom();
  await atProvider(portal, 'POST', `people/${tom}/assign`);
  finds('3.18', /Tom may still come in/, /press Unassign/);
  await atProvider(portal, 'POST', `people/${tom}/unassign`, { by: 'put' });
  finds('3.18', /None of .* was ended by a deactivation/, /sign in as them first/);
  finds('3.19', /Tom is still deactivated/, /press Assign/);
  finds('3.20', /The directory calls him Tom Anderson/, /Leo Anderson/);
  await atProvider(portal, 'DELETE', 'scim');
  await atProvider(portal, 'POST', `people/${tom}/rename`, { name: 'Leo Anderson' });
  finds('3.20', /calls him Leo Anderson, and here he is Tom Anderson/, /rename him/);
});

test('a role was not found, not given, or another was', async () => {
  seed('workshop', 'entitlements');
  await connect(gridco, '123123');
  finds('7.8', /GET \/Roles is not among the last things/, /press Find roles/);
  finds('7.9', /Somnus's roles are none, and should be Todo-er/, /give him the role/);
  const { sub } = await person(gridco, 'somnus.henderson@gridco.example');
  await atProvider(gridco, 'POST', `people/${sub}/role`, { role: 'Manager' });
  finds('7.9', /Somnus's roles are Manager, and should be Todo-er/, /give him the role/);
  await atProvider(gridco, 'POST', 'import');
  seed('role', 'set', gridco, 'Todo Auditor', '--to', 'trinity@gridco.example');
  finds('7.7', /Trinity's roles are Todo Auditor, and should be Todo-er/, /seed role set/);
  finds('7.8', /takes Trinity's roles for \["Todo-er"\], and they are Todo Auditor/, /press Import/);
});

test('an entitlement is not there, or was not given', async () => {
  seed('workshop', 'entitlements');
  await connect(gridco, '123123');
  finds('7.10', /nothing to give that is called is_tall/, /seed role add/);
  seed('role', 'add', gridco, 'is_tall', '--entitlement');
  passes('7.10');
  finds('7.11', /Trinity's entitlements are none/, /give it to her/);
  const { sub } = await person(gridco, 'trinity@gridco.example');
  await atProvider(gridco, 'POST', `people/${sub}/role`, { role: 'is_tall' });
  passes('7.11');
});
