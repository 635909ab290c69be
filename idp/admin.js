/**
 * Who there is and who is signed in: a page for people, JSON for tests and scripts. Nobody has to sign in here, since
 * this server is a fixture that listens on this machine only; pages of other sites are kept out all the same.
 */
import { html, document, initials, pageHeaders } from './html.js';
import {
  allowMethods,
  readForm,
  readJson,
  redirect,
  Refusal,
  refuseOtherSites,
  send,
  sendJson,
} from './http.js';
import { clientId } from './tenants.js';

export async function admin(tenants, [first = '', ...rest], req, res, settings) {
  const [slug, what, id, ...more] = first === 'api' ? rest : [first, ...rest];
  // A link from anywhere may lead to the page, nothing else.
  if (first !== '' || req.method !== 'GET') refuseOtherSites(req, settings.origin);
  if (slug === '') {
    allowMethods(req, 'GET');
    return showPage(res, 200, tenants, settings);
  }
  const tenant = tenants.get(slug);
  const route = ROUTES[`${first === 'api' ? 'api ' : ''}${what}${id ? ' :id' : ''}`];
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
  'api sessions': {
    GET: ({ tenant, res }) => sendJson(res, 200, sessionsOf(tenant)),
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
        showPage(res, error.status, tenants, settings, refused);
      }
    },
  },
  'people :id': {
    POST: ({ tenant, id, res }) => {
      removePerson(tenant, id);
      redirect(res, `/admin#${tenant.slug}`);
    },
  },
};

function removePerson(tenant, sub) {
  if (!tenant.people.remove(sub)) throw new Refusal(404, 'There is nobody with this sub.');
  tenant.store.forget(sub);
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

// --- the page -----------------------------------------------------------------------------------

function showPage(res, status, tenants, settings, refused) {
  const page = document({
    title: 'Administration · Demo identity provider',
    wide: true,
    body: html`
      <header>
        <h1>Demo identity provider</h1>
        <p class="notice">
          A fixture of the demo: its people are invented, their passwords stand here, and nobody has to sign
          in to change them. It listens on this machine only, and forgets everything when it ends.
        </p>
      </header>
      ${[...tenants.values()].map((tenant) => companySection(tenant, refused?.slug === tenant.slug && refused))}
    `,
  });
  send(res, status, 'text/html; charset=utf-8', page, pageHeaders(settings));
}

function companySection(tenant, refused) {
  const { slug, name, issuer } = tenant;
  const sessions = sessionsOf(tenant);
  return html`<section class="tenant" id="${slug}" data-company="${slug}" aria-labelledby="${slug}-heading">
    <header class="company">
      <span class="mark" aria-hidden="true">${initials(name)}</span>
      <div>
        <h2 id="${slug}-heading">${name}</h2>
        <code>${issuer}</code>
      </div>
    </header>

    <h3>People</h3>
    <ul class="list">
      ${tenant.people.all().map((person) => personItem(slug, person))}
    </ul>
    ${addForm(slug, refused || {})}

    <h3>Signed in here</h3>
    ${sessions.length === 0 && html`<p class="muted">Nobody is signed in at ${name}.</p>`}
    <ul class="list">
      ${sessions.map((session) => sessionItem(tenant.people.find(session.sub), session))}
    </ul>
  </section>`;
}

const fact = (term, value) =>
  html`<div>
    <dt>${term}</dt>
    <dd><code>${value}</code></dd>
  </div>`;

function personItem(slug, { sub, name, email, email_verified, password }) {
  return html`<li id="${sub}">
    <div class="item">
      <p>
        <strong>${name}</strong>
        <span>${email}${!email_verified && ' (not verified)'}</span>
      </p>
      <dl>${fact('Password', password)} ${fact('sub', sub)}</dl>
    </div>
    <div class="actions">
      <form method="post" action="/admin/${slug}/people/${encodeURIComponent(sub)}">
        <button class="quiet" type="submit" aria-label="Remove ${name}">Remove</button>
      </form>
    </div>
  </li>`;
}

function sessionItem(person, { uid, sid, authTime }) {
  const since = new Date(authTime * 1000);
  return html`<li>
    <div class="item">
      <p>
        <strong>${person?.name}</strong>
        <span>
          since
          <time datetime="${since.toISOString()}">
            ${since.toLocaleString('en-GB', { dateStyle: 'medium', timeStyle: 'long' })}
          </time>
        </span>
      </p>
      <dl>${fact('Session', uid)} ${sid && fact('sid', sid)}</dl>
    </div>
  </li>`;
}

function addForm(slug, { sentence, email, name, verified = 'yes' }) {
  const field = (id, label, type, value) =>
    html`<div class="field">
      <label for="${slug}-${id}">${label}</label>
      <input id="${slug}-${id}" name="${id}" type="${type}" value="${value}" autocomplete="off" required />
    </div>`;
  return html`<details ${sentence && 'open'}>
    <summary>Add a person</summary>
    <form class="fields" method="post" action="/admin/${slug}/people">
      ${sentence && html`<p class="failure" role="alert">${sentence}</p>`}
      ${field('name', 'Name', 'text', name)} ${field('email', 'Email', 'email', email)}
      ${field('password', 'Password', 'text')}
      <label class="check">
        <input type="checkbox" name="verified" value="yes" ${verified === 'yes' && 'checked'} />
        The email is verified
      </label>
      <div class="buttons"><button type="submit">Add</button></div>
    </form>
  </details>`;
}
