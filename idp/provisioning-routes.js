/** What the administration can have the app told by SCIM: buttons of the page, and the same for tests and scripts. */
import { readForm, readJson, redirect, Refusal, sendJson } from './http.js';
import { unassignWays } from './provisioning.js';

// --- acts -----------------------------------------------------------------------------------------

/** What can be done with one person. `done` is for the page, of what came back. */
const personActs = {
  assign: {
    act: (provisioning, person) => provisioning.assign(person),
    done: ({ id }) => `Assigned: Curfew has them as ${id}.`,
  },
  unassign: {
    act: (provisioning, person, { by }) => {
      if (!unassignWays.has(by)) {
        throw new Refusal(400, `by must be ${[...unassignWays.keys()].join(' or ')}.`);
      }
      return provisioning.unassign(person, by);
    },
    done: () => 'Unassigned: Curfew lets them in no more.',
  },
  rename: {
    act: (provisioning, person, { name, email }) => provisioning.rename(person, { name, email }),
    done: ({ id }) => (id ? 'Renamed, here and at Curfew.' : 'Renamed here. Curfew does not have them.'),
  },
  role: {
    act: (provisioning, person, { role }) => {
      if (role !== null && typeof role !== 'string')
        throw new Refusal(400, 'role must be an id, a name or null.');
      return provisioning.giveRole(person, role);
    },
    done: ({ roles }) => (roles.length > 0 ? `Curfew says: ${roles.join(', ')}.` : 'Curfew says: no role.'),
  },
};

const people = (count) => (count === 1 ? '1 person' : `${count} people`);

/** What can be done for the company. */
const companyActs = {
  'test-scim': {
    act: (provisioning) => provisioning.test(),
    done: ({ totalResults }) => `Curfew accepts the key. It has ${people(totalResults)}.`,
  },
  roles: {
    act: (provisioning) => provisioning.discover(),
    done: (roles) => `Curfew has ${roles.length === 1 ? '1 role' : `${roles.length} roles`} to give.`,
  },
  import: {
    act: (provisioning) => provisioning.import(),
    done: ({ people: read, totalResults }) =>
      read.length < totalResults
        ? `Curfew has ${people(totalResults)}; the first ${read.length} were read.`
        : `Curfew has ${people(totalResults)}.`,
  },
};

// --- for tests and scripts ------------------------------------------------------------------------

const connectionOf = ({ scim: { baseUrl, connected, lastFour } }) => ({ baseUrl, connected, lastFour });

// A key that is not good is an answer to the question, not a failure to get one.
async function test({ provisioning }) {
  try {
    return await provisioning.test();
  } catch (error) {
    if (error.status !== 409 || !error.more.status) throw error;
    return { ...error.more, error: error.message };
  }
}

const api = {
  'api scim': {
    GET: ({ tenant, res }) => sendJson(res, 200, connectionOf(tenant.provisioning)),
    PUT: async ({ tenant, req, res }) => {
      const { token } = await readJson(req);
      tenant.provisioning.connect(token);
      sendJson(res, 200, connectionOf(tenant.provisioning));
    },
    DELETE: ({ tenant, res }) => {
      tenant.provisioning.disconnect();
      res.writeHead(204).end();
    },
  },
  'api test-scim': {
    POST: async ({ tenant, res }) => sendJson(res, 200, await test(tenant)),
  },
  'api roles': {
    GET: async ({ tenant, res }) => sendJson(res, 200, await tenant.provisioning.discover()),
  },
  'api import': {
    GET: ({ tenant, res }) => {
      const { imported } = tenant.provisioning;
      if (!imported) throw new Refusal(404, 'Nobody has been imported yet.');
      sendJson(res, 200, imported);
    },
    POST: async ({ tenant, res }) => sendJson(res, 200, await tenant.provisioning.import()),
  },
};

for (const [name, { act }] of Object.entries(personActs)) {
  api[`api people :id ${name}`] = {
    POST: async ({ tenant, id, req, res }) => {
      const person = tenant.people.existing(id);
      const asked = name === 'assign' ? {} : await readJson(req);
      sendJson(res, 200, await act(tenant.provisioning, person, asked));
    },
  };
}

// --- the page -------------------------------------------------------------------------------------

/** Does something and leads back to the page, which says what came of it: at the company, or at the person `sub`. */
async function show(res, { slug, outcomes }, sub, what) {
  const outcome = { sub };
  try {
    outcome.sentence = await what();
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    outcome.sentence = error.message;
    outcome.failed = true;
  }
  const where = sub === undefined ? `${slug}-provisioning` : encodeURIComponent(sub);
  redirect(res, `/admin?said=${outcomes.keep(outcome)}#${where}`);
}

const page = {
  scim: {
    POST: async ({ tenant, req, res }) => {
      const { token } = await readForm(req);
      await show(res, tenant, undefined, () => {
        tenant.provisioning.connect(token);
        return 'The key is set. Test it, to see whether Curfew accepts it.';
      });
    },
  },
  'remove-scim': {
    POST: ({ tenant, res }) =>
      show(res, tenant, undefined, () => {
        tenant.provisioning.disconnect();
        return 'The key is forgotten here. It is good until it is revoked at Curfew.';
      }),
  },
};

for (const [name, { act, done }] of Object.entries(companyActs)) {
  page[name] = {
    POST: ({ tenant, res }) => show(res, tenant, undefined, async () => done(await act(tenant.provisioning))),
  };
}

for (const [name, { act, done }] of Object.entries(personActs)) {
  page[`people :id ${name}`] = {
    POST: async ({ tenant, id, req, res }) => {
      const person = tenant.people.existing(id);
      const { role, ...fields } = name === 'assign' ? {} : await readForm(req);
      // A form has no null: that is the choice of nothing.
      const asked = { ...fields, role: role || null };
      await show(res, tenant, id, async () => done(await act(tenant.provisioning, person, asked)));
    },
  };
}

export const provisioningRoutes = { ...api, ...page };
