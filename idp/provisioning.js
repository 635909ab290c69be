/** Telling the app who belongs to it: which requests Okta makes for each act, and in which order. */
import { randomBytes } from 'node:crypto';
import { Refusal } from './http.js';
import { PATCH_SCHEMA, Scim, USER_SCHEMA } from './scim.js';

const PER_PAGE = 100;
const MOST_PAGES = 10;

/** The two schemas by which Okta knows what can be given to people, and where in a person's resource it goes. */
const GIVEN_AS = new Map([
  ['urn:okta:scim:schemas:core:1.0:Role', 'roles'],
  ['urn:okta:scim:schemas:core:1.0:Entitlement', 'entitlements'],
]);

/** From Okta's catalogue comes the one, from an app that a company has set up by itself the other. */
export const unassignWays = new Map([
  ['patch', 'PATCH'],
  ['put', 'PUT'],
]);

/** One company's, with what it knows of the app: as long as this process runs. */
export class Provisioning {
  #people;
  #accounts = new Map();
  #roles;
  #imported;

  constructor({ people, sent }, baseUrl) {
    this.#people = people;
    this.scim = new Scim(baseUrl, sent);
  }

  /** Whom the app has for a person, as it last said. */
  account(sub) {
    return this.#accounts.get(sub);
  }

  get roles() {
    return this.#roles ?? [];
  }

  get imported() {
    return this.#imported;
  }

  /** Another key may be good for another app: nothing that was learned with the last one counts. */
  connect(token) {
    this.scim.connect(token);
    this.#forgetAll();
  }

  disconnect() {
    this.scim.disconnect();
    this.#forgetAll();
  }

  forget(sub) {
    this.#accounts.delete(sub);
  }

  /** Okta's "Test API Credentials". */
  async test() {
    const { status, ms, resource } = await this.scim.request(undefined, 'GET', '/Users?startIndex=1&count=2');
    return { status, ms, totalResults: listed(resource).total };
  }

  /** Okta asks by name each time, so that somebody whom the app has already is not made twice. */
  async assign(person) {
    const found = await this.#search(person, person.email);
    if (!found) {
      const password = randomBytes(9).toString('base64url');
      const body = { schemas: [USER_SCHEMA], ...profile(person), groups: [], password, active: true };
      return this.#learn(person, await this.scim.request(person.name, 'POST', '/Users', body));
    }
    return this.#put(person, { ...found, ...profile(person), active: true });
  }

  async unassign(person, by) {
    const id = await this.#idOf(person);
    if (by === 'put') return this.#put(person, { ...(await this.#get(person, id)), active: false });
    const operation = { op: 'replace', value: { active: false } };
    const body = { schemas: [PATCH_SCHEMA], Operations: [operation] };
    const answer = await this.#about(person, id, 'PATCH', body);
    if (answer.resource) return this.#learn(person, answer);
    return this.#remember(person, answer, { roles: [], ...this.account(person.sub), id, active: false });
  }

  /** Here it is done whatever the app says; it is told unless it has never heard of the person. */
  async rename(person, changes) {
    const { email } = person;
    this.#people.rename(person, changes);
    const id = this.scim.connected && (await this.#knownId(person, email));
    if (!id) return {};
    return this.#put(person, { ...(await this.#get(person, id)), ...profile(person) });
  }

  /** What the app has to give, by its own account. */
  async discover() {
    const types = listed((await this.scim.request(undefined, 'GET', '/ResourceTypes')).resource).resources;
    const roles = [];
    for (const { name, schema, endpoint } of types) {
      const attribute = GIVEN_AS.get(schema);
      if (!attribute) continue;
      if (!/^\/[\w-]+$/.test(endpoint)) throw useless('a resource type without an endpoint');
      const { resources } = listed((await this.scim.request(undefined, 'GET', endpoint)).resource);
      for (const { id, displayName, description, type = name } of resources) {
        if (typeof id !== 'string') throw useless(`something at ${endpoint} that has no id`);
        roles.push({ id, displayName: String(displayName ?? id), description, attribute, type });
      }
    }
    this.#roles = roles;
    return roles;
  }

  /** By its id or its name; null takes all away. */
  async giveRole(person, wanted) {
    const role = wanted === null ? undefined : await this.#role(wanted);
    const user = await this.#get(person, await this.#idOf(person));
    return this.#put(person, { ...user, ...(role ? given(role) : nothingGiven(user)) });
  }

  /** Everybody the app has. Whom both know, by their address, is assigned from then on. */
  async import() {
    const users = [];
    let total;
    let answer;
    for (let page = 0; page < MOST_PAGES; page++) {
      const path = `/Users?startIndex=${users.length + 1}&count=${PER_PAGE}`;
      answer = await this.scim.request(undefined, 'GET', path);
      const list = listed(answer.resource);
      total = list.total;
      users.push(...list.resources);
      if (users.length >= total || list.resources.length === 0) break;
    }
    const people = users.map((user) => this.#match(user));
    this.#imported = { at: new Date().toISOString(), totalResults: total, people };
    return { status: answer.status, ms: answer.ms, totalResults: total, people };
  }

  // --- whom the app has -----------------------------------------------------------------------------

  async #search({ name }, email) {
    const filter = encodeURIComponent(`userName eq ${JSON.stringify(email)}`);
    const path = `/Users?filter=${filter}&startIndex=1&count=${PER_PAGE}`;
    const [found] = listed((await this.scim.request(name, 'GET', path)).resource).resources;
    if (found) refuseUseless(found);
    return found;
  }

  async #knownId(person, email = person.email) {
    return this.account(person.sub)?.id ?? (await this.#search(person, email))?.id;
  }

  async #idOf(person) {
    const id = await this.#knownId(person);
    if (!id) throw new Refusal(409, `Curfew has nobody named ${person.email}: assign them first.`);
    return id;
  }

  async #about(person, id, method, body) {
    try {
      return await this.scim.request(person.name, method, `/Users/${encodeURIComponent(id)}`, body);
    } catch (error) {
      // Next time they are asked for by name.
      if (error.more?.status === 404) this.forget(person.sub);
      throw error;
    }
  }

  async #get(person, id) {
    const { resource } = await this.#about(person, id, 'GET');
    refuseUseless(resource);
    return resource;
  }

  async #put(person, user) {
    return this.#learn(person, await this.#about(person, user.id, 'PUT', user));
  }

  #learn(person, answer) {
    refuseUseless(answer.resource);
    return this.#remember(person, answer, accountOf(answer.resource));
  }

  #remember(person, { status, ms }, account) {
    this.#accounts.set(person.sub, account);
    return { status, ms, ...account };
  }

  #match(user) {
    refuseUseless(user);
    const { userName, name, emails } = user;
    const addresses = asObjects(emails);
    const address = addresses.find(({ primary }) => primary) ?? addresses[0];
    const email = String(address?.value ?? userName);
    const person = this.#people.findByEmail(email);
    const missing = !name?.familyName;
    if (person && !missing) this.#accounts.set(person.sub, accountOf(user));
    return {
      ...accountOf(user),
      userName,
      email,
      name: [name?.givenName, name?.familyName].filter(Boolean).join(' '),
      ...(missing ? { refused: 'Last name is missing' } : { sub: person?.sub }),
    };
  }

  async #role(wanted) {
    const named = ({ id, displayName }) =>
      id === wanted || displayName.toLowerCase() === String(wanted).toLowerCase();
    const role = this.roles.find(named) ?? (await this.discover()).find(named);
    if (!role) throw new Refusal(404, `Curfew has no role ${wanted}.`);
    return role;
  }

  #forgetAll() {
    this.#accounts.clear();
    this.#roles = undefined;
    this.#imported = undefined;
  }
}

function profile({ sub, name, email }) {
  const [, givenName, familyName] = /^(.+?)(?:\s+(\S+))?$/s.exec(name);
  return {
    userName: email,
    name: { givenName, familyName },
    emails: [{ primary: true, value: email, type: 'work' }],
    displayName: name,
    locale: 'en-US',
    externalId: sub,
  };
}

const given = ({ id, displayName, attribute, type }) => ({
  [attribute]: [{ value: id, display: displayName, ...(attribute === 'entitlements' && { type }) }],
});

const nothingGiven = ({ entitlements }) => ({ roles: [], ...(entitlements && { entitlements: [] }) });

const accountOf = ({ id, active, roles, entitlements }) => ({
  id,
  active: active !== false,
  roles: [...asObjects(roles), ...asObjects(entitlements)].map(({ value, display }) => display ?? value),
});

const asObjects = (value) =>
  Array.isArray(value) ? value.filter((each) => typeof each === 'object' && each) : [];

// --- answers that are none ------------------------------------------------------------------------

const useless = (what) => new Refusal(502, `Curfew answered with ${what}.`);

function refuseUseless(user) {
  if (typeof user?.id !== 'string' || typeof user.userName !== 'string')
    throw useless('something else than a user');
}

function listed(resource) {
  const { totalResults: total, Resources: resources = [] } = resource ?? {};
  const isList = Number.isInteger(total) && Array.isArray(resources);
  if (!isList || !resources.every((each) => each !== null && typeof each === 'object')) {
    throw useless('something else than a list');
  }
  return { total, resources };
}
