/** The administration page: for each company its people, where they are signed in, and what the app was told. */
import { button, fact, moment } from './admin-parts.js';
import { document, html, initials, pageHeaders } from './html.js';
import { send } from './http.js';
import { outcomeLine, personProvisioning, provisioningSection } from './provisioning-page.js';
import { SCIM } from './scim.js';
import { BACKCHANNEL_LOGOUT, subjectFormats, UNIVERSAL_LOGOUT } from './sign-out.js';

export function showPage(res, status, companies, settings) {
  const page = document({
    title: 'Administration · Demo identity provider',
    wide: true,
    styles: ['/style.css', '/admin.css'],
    body: html`
      <header>
        <h1>Demo identity provider</h1>
        <p class="notice">
          A fixture of the demo: its people are invented, their passwords stand here, and nobody has to sign
          in to change them. It listens on this machine only, and forgets everything when it ends.
        </p>
        <p>
          <strong>Universal Logout</strong> has Curfew sign a person out everywhere, and let them in again
          only with proof. The sessions here live on, unless you end them, too.
          <strong>End session</strong> and <strong>End all sessions</strong> end them here, and Curfew is told
          by back-channel logout.
        </p>
        <p>
          <strong>Assign</strong> has Curfew let a person in; <strong>Unassign</strong> has it end all that
          they have open there, and let them in no more. This is provisioning, by SCIM, and needs a key of
          Curfew’s.
        </p>
      </header>
      ${companies.map((company) => companySection(company))}
    `,
  });
  send(res, status, 'text/html; charset=utf-8', page, pageHeaders(settings));
}

function companySection({ tenant, sessions, refused, outcome }) {
  const { slug, name, issuer, people, keys, sent } = tenant;
  const older = keys.all().length - 1;
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
      ${people.all().map((person) => personItem(tenant, person, sessions, outcome))}
    </ul>
    ${addForm(slug, refused)} ${provisioningSection(tenant, outcome)}

    <h3 id="${slug}-sent">Sent</h3>
    ${sent.all().length === 0 && html`<p class="muted">Curfew has been told nothing yet.</p>`}
    <ul class="list" aria-labelledby="${slug}-sent">
      ${sent.all().map(sentItem)}
    </ul>

    <h3>Signing key</h3>
    <div class="line">
      <p>
        <code>${keys.kid}</code>
        ${
          older > 0 &&
          html`<span class="muted"
            >${older === 1 ? 'An older one is' : `${older} older ones are`} still published.</span
          >`
        }
      </p>
      ${button(`/admin/${slug}/rotate-key`, 'Rotate signing key', `of ${name}`)}
    </div>
  </section>`;
}

function personItem({ slug, provisioning }, person, sessions, outcome) {
  const { sub, name, email, email_verified, password } = person;
  const path = `/admin/${slug}/people/${encodeURIComponent(sub)}`;
  const theirs = sessions.filter((session) => session.sub === sub);
  return html`<li class="person" id="${sub}">
    <div class="line">
      <div class="item">
        <p>
          <strong>${name}</strong>
          <span>${email}${!email_verified && ' (not verified)'}</span>
        </p>
        <dl>${fact('Password', password)} ${fact('sub', sub)}</dl>
      </div>
      ${button(path, 'Remove', name)}
    </div>

    ${theirs.length === 0 && html`<p class="muted">Not signed in here.</p>`}
    ${
      theirs.length > 0 &&
      html`<ul class="sessions" aria-label="Sessions of ${name}">
        ${theirs.map((session) => sessionItem(slug, person, session))}
      </ul>`
    }

    <div class="line">
      ${universalLogoutForm(path, person)} ${button(`${path}/end-sessions`, 'End all sessions', `of ${name}`)}
    </div>

    ${outcome?.sub === sub && outcomeLine(outcome)} ${personProvisioning(provisioning, path, person)}
  </li>`;
}

function sessionItem(slug, { name }, { uid, sid, authTime }) {
  return html`<li class="line" id="session-${uid}">
    <div>
      <p><span>Signed in here since ${moment(new Date(authTime * 1000))}</span></p>
      <dl>${fact('Session', uid)} ${sid && fact('sid', sid)}</dl>
    </div>
    ${button(`/admin/${slug}/sessions/${encodeURIComponent(uid)}`, 'End session', `of ${name}`)}
  </li>`;
}

function universalLogoutForm(path, { name, sub }) {
  return html`<form class="inline" method="post" action="${path}/universal-logout">
    <label for="format-${sub}">Subject format</label>
    <select id="format-${sub}" name="format">
      ${[...subjectFormats].map(([format, { label }]) => html`<option value="${format}">${label}</option>`)}
    </select>
    <label class="check">
      <input type="checkbox" name="endSessions" value="yes" />
      Also end the sessions here
    </label>
    <button type="submit" aria-label="Universal Logout of ${name}">Universal Logout</button>
  </form>`;
}

function sentItem(entry) {
  const { id, at, what, name, subject, status, ms, trouble } = entry;
  return html`<li class="sent" id="sent-${id}">
    <p>
      <strong>${what}</strong>
      <span>${name}</span>
      <code>${subject}</code>
    </p>
    <p>
      <span class="${trouble || status >= 400 ? 'refused' : ''}">
        <strong>${trouble ? 'No answer' : status}</strong> after ${ms} ms
      </span>
      <span>${trouble ?? meaning(entry)}</span>
    </p>
    <p class="muted">${moment(new Date(at))}</p>
  </li>`;
}

const MEANINGS = {
  [UNIVERSAL_LOGOUT]: {
    204: 'Signed out of Curfew everywhere.',
    400: 'Curfew does not understand the request.',
    401: 'Curfew does not accept the token: it does not know this provider, or not yet its key.',
    404: 'Curfew knows no such person in this company.',
    503: 'Curfew could not find out whether the token is genuine, or is not well itself. Try again.',
  },
  [BACKCHANNEL_LOGOUT]: {
    200: 'Signed out of Curfew.',
    204: 'Signed out of Curfew.',
    400: 'Curfew does not accept the logout token: it does not know this provider, or not yet its key.',
    404: 'Curfew does not know this company.',
    503: 'Curfew could not find out whether the token is genuine, or is not well itself. Try again.',
  },
  [SCIM]: {
    200: 'Done.',
    201: 'Made.',
    204: 'Done.',
    400: 'Curfew does not understand the request, or one of its values.',
    401: 'Curfew does not accept the key.',
    403: 'Curfew does not let this key do that.',
    404: 'Curfew knows no such person in this company, or no such address.',
    409: 'Curfew does not do that as things are there.',
    503: 'Curfew is not well. Try again.',
  },
};

const meaning = ({ what, status }) => MEANINGS[what][status] ?? 'An answer that is not foreseen here.';

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
