/**
 * Who there is and who is signed in: a page for people, JSON for tests and scripts. Nobody has to sign in here, since
 * this server is a fixture that listens on this machine only; pages of other sites are kept out all the same.
 */
import { showPage } from './admin-page.js';
import { allowMethods, readForm, readJson, redirect, Refusal, refuseOtherSites, sendJson } from './http.js';
import { startProvider } from './provider.js';
import { provisioningRoutes } from './provisioning-routes.js';
import { endAllSessions, endSession, subjectFormats, universalLogout } from './sign-out.js';
import { createTenant } from './tenant.js';
import { clientId, companies } from './tenants.js';

export async function admin(tenants, [first = '', ...rest], req, res, settings) {
  const [slug, what, id, act, ...more] = first === 'api' ? rest : [first, ...rest];
  // A link from anywhere may lead to the page, nothing else.
  if (first !== '' || req.method !== 'GET') refuseOtherSites(req, settings.origin);
  if (slug === '') {
    allowMethods(req, 'GET');
    const said = new URL(req.url, settings.origin).searchParams.get('said');
    return showPage(res, 200, pageOf(tenants, { said }), settings);
  }
  const tenant = tenants.get(slug);
  const route = ROUTES[[first === 'api' && 'api', what, id && ':id', act].filter(Boolean).join(' ')];
  if (!tenant || !route || more.length > 0) throw new Refusal(404, 'There is nothing here.');
  allowMethods(req, ...Object.keys(route));
  return route[req.method]({ tenant, tenants, id: id && decode(id), req, res, settings });
}

function decode(part) {
  try {
    return decodeURIComponent(part);
  } catch {
    throw new Refusal(404, 'There is nothing here.');
  }
}

const ROUTES = {
  __proto__: null,
  ...provisioningRoutes,
  'api people': {
    GET: ({ tenant, res }) => sendJson(res, 200, tenant.people.all()),
    POST: async ({ tenant, req, res }) => {
      const { sub } = tenant.people.add(await readJson(req));
      sendJson(res, 201, { sub });
    },
  },
  'api people :id': {
    DELETE: ({ tenant, id, res }) => {
      removePerson(tenant, id);
      res.writeHead(204).end();
    },
  },
  'api people :id universal-logout': {
    POST: async ({ tenant, id, req, res, settings }) => {
      const { format, endSessions = false } = await readJson(req);
      if (typeof endSessions !== 'boolean') throw new Refusal(400, 'endSessions must be true or false.');
      sendOutcome(res, await logOutEverywhere(tenant, id, { format, endSessions }, settings));
    },
  },
  'api people :id sessions': {
    DELETE: async ({ tenant, id, res }) =>
      sendOutcome(res, await endAllSessions(tenant, tenant.people.existing(id))),
  },
  'api sessions': {
    GET: ({ tenant, res }) => sendJson(res, 200, sessionsOf(tenant)),
  },
  'api sessions :id': {
    DELETE: async ({ tenant, id, res }) =>
      sendOutcome(res, await endSession(tenant, findSession(tenant, id))),
  },
  'api sent': {
    GET: ({ tenant, res }) => sendJson(res, 200, tenant.sent.all()),
  },
  'api reset': {
    POST: ({ tenant, tenants, res, settings }) => {
      const company = companies.find(({ slug }) => slug === tenant.slug);
      tenants.set(tenant.slug, createTenant(company, tenant, settings));
      res.writeHead(204).end();
    },
  },
  'api rotate-key': {
    POST: async ({ tenant, res, settings }) => {
      await rotateKey(tenant, settings);
      sendJson(res, 200, { kid: tenant.keys.kid });
    },
  },

  people: {
    POST: async ({ tenant, tenants, req, res, settings }) => {
      const { email, name, password, verified } = await readForm(req);
      try {
        const { sub } = tenant.people.add({ email, name, password, email_verified: verified === 'yes' });
        redirect(res, `/admin#${sub}`);
      } catch (error) {
        if (!(error instanceof Refusal)) throw error;
        const refused = { slug: tenant.slug, sentence: error.message, email, name, verified };
        showPage(res, error.status, pageOf(tenants, { refused }), settings);
      }
    },
  },
  'people :id': {
    POST: ({ tenant, id, res }) => {
      removePerson(tenant, id);
      redirect(res, `/admin#${tenant.slug}`);
    },
  },
  'people :id universal-logout': {
    POST: async ({ tenant, id, req, res, settings }) => {
      const { format, endSessions } = await readForm(req);
      const asked = { format, endSessions: endSessions === 'yes' };
      redirectToEntry(res, await logOutEverywhere(tenant, id, asked, settings), id);
    },
  },
  'people :id end-sessions': {
    POST: async ({ tenant, id, res }) =>
      redirectToEntry(res, await endAllSessions(tenant, tenant.people.existing(id)), id),
  },
  'sessions :id': {
    POST: async ({ tenant, id, res }) => {
      const session = findSession(tenant, id);
      redirectToEntry(res, await endSession(tenant, session), session.accountId);
    },
  },
  'rotate-key': {
    POST: async ({ tenant, res, settings }) => {
      await rotateKey(tenant, settings);
      redirect(res, `/admin#${tenant.slug}`);
    },
  },
};

function findSession(tenant, uid) {
  const session = tenant.store.session(uid);
  if (!session) throw new Refusal(404, 'There is no such session, or it is over.');
  return session;
}

function removePerson(tenant, sub) {
  tenant.people.existing(sub);
  tenant.people.remove(sub);
  tenant.store.forget(sub);
  tenant.provisioning.forget(sub);
}

function logOutEverywhere(tenant, sub, asked, settings) {
  const person = tenant.people.existing(sub);
  if (!subjectFormats.has(asked.format)) {
    throw new Refusal(400, `The format must be ${[...subjectFormats.keys()].join(' or ')}.`);
  }
  return universalLogout(tenant, person, asked, settings);
}

async function rotateKey(tenant, settings) {
  await tenant.keys.rotate();
  startProvider(tenant, settings);
}

function sessionsOf({ people, store }) {
  return store.sessions().map(({ uid, accountId, loginTs, authorizations }) => ({
    uid,
    sid: authorizations?.[clientId]?.sid,
    sub: accountId,
    email: people.find(accountId)?.email,
    authTime: loginTs,
  }));
}

// An entry of the list of what was sent; without one there was nothing to tell the app.
function sendOutcome(res, entry) {
  if (entry?.trouble) sendJson(res, 502, { error: entry.trouble });
  else sendJson(res, 200, { status: entry?.status, ms: entry?.ms });
}

function redirectToEntry(res, entry, sub) {
  redirect(res, `/admin#${entry ? `sent-${entry.id}` : sub}`);
}

function pageOf(tenants, { refused, said }) {
  return [...tenants.values()].map((tenant) => ({
    tenant,
    sessions: sessionsOf(tenant),
    refused: refused?.slug === tenant.slug ? refused : {},
    outcome: tenant.outcomes.find(said),
  }));
}
