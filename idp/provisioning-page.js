/** The administration page's part about provisioning: the company's connection, and what can be done with a person. */
import { button, fact, moment } from './admin-parts.js';
import { html } from './html.js';
import { unassignWays } from './provisioning.js';

/** What came of an act: a `sentence`, perhaps `failed`, and the `sub` of the person it was about, if any. */
export const outcomeLine = ({ sentence, failed }) =>
  html`<p class="${failed ? 'failure' : 'notice'}" role="${failed ? 'alert' : 'status'}">${sentence}</p>`;

export function provisioningSection({ slug, name, provisioning }, outcome) {
  const { scim, roles, imported } = provisioning;
  const path = `/admin/${slug}`;
  return html`<h3 id="${slug}-provisioning">Provisioning</h3>
    ${outcome && !outcome.sub && outcomeLine(outcome)}
    <dl>
      ${fact('SCIM at', scim.baseUrl)} ${scim.lastFour && fact('Key that ends in', scim.lastFour)}
      ${roles.length > 0 && fact('Roles', roles.map(({ displayName }) => displayName).join(', '))}
    </dl>
    ${!scim.connected && html`<p class="muted">Curfew is told of nobody before it has given a key.</p>`}
    ${
      scim.connected &&
      html`<div class="buttons">
        ${button(`${path}/test-scim`, 'Test', `the key of ${name}`)}
        ${button(`${path}/roles`, 'Find roles', `for ${name}`)}
        ${button(`${path}/import`, 'Import', `the people of ${name}`)}
        ${button(`${path}/remove-scim`, 'Forget the key', `of ${name}`)}
      </div>`
    }
    ${imported && importedList(slug, imported)} ${keyForm(slug, path, scim)}`;
}

function keyForm(slug, path, { connected }) {
  return html`<details ${!connected && 'open'}>
    <summary>${connected ? 'Set another key' : 'Set the key'}</summary>
    <form class="fields" method="post" action="${path}/scim">
      <div class="field">
        <label for="${slug}-token">API key with the scope scim</label>
        <input
          id="${slug}-token"
          name="token"
          type="password"
          autocomplete="off"
          spellcheck="false"
          required
          aria-describedby="${slug}-token-hint"
        />
        <p class="muted" id="${slug}-token-hint">It is kept in memory only, and not shown again.</p>
      </div>
      <div class="buttons"><button type="submit">Set key</button></div>
    </form>
  </details>`;
}

function importedList(slug, { at, totalResults, people }) {
  return html`<details open>
    <summary>Who is at Curfew, as of ${moment(new Date(at))}</summary>
    ${people.length < totalResults && html`<p>The first ${people.length} of ${totalResults}.</p>`}
    <ul class="sessions" aria-label="Imported people of ${slug}">
      ${people.map(importedItem)}
    </ul>
  </details>`;
}

function importedItem({ name, userName, active, roles, sub, refused }) {
  return html`<li class="imported">
    <p>
      <strong>${name || userName}</strong>
      <span>${name && userName}${!active && ' (deactivated)'}</span>
      ${roles.length > 0 && html`<span class="muted">${roles.join(', ')}</span>`}
    </p>
    <p>
      ${refused && html`<span class="refused">Not imported: ${refused}</span>`}
      ${!refused && sub && html`<a href="#${sub}">Confirmed: they are known here</a>`}
      ${!refused && !sub && html`<span class="muted">Not known here</span>`}
    </p>
  </li>`;
}

// --- one person -----------------------------------------------------------------------------------

export function personProvisioning(provisioning, path, person) {
  const { scim } = provisioning;
  return html`${scim.connected && assignment(provisioning.account(person.sub), path, person)}
    <details>
      <summary aria-label="${scim.connected ? 'Rename, or give a role to' : 'Rename'} ${person.name}">
        ${scim.connected ? 'Rename, or give a role' : 'Rename'}
      </summary>
      <div class="forms">
        ${renameForm(path, person)} ${scim.connected && roleForm(provisioning, path, person)}
      </div>
    </details>`;
}

function assignment(account, path, { name, sub }) {
  return html`<div class="line">
    <p>${state(account)}</p>
    <div class="inline assign">
      <form method="post" action="${path}/assign">
        <button type="submit" aria-label="Assign ${name}">Assign</button>
      </form>
      <form class="inline" method="post" action="${path}/unassign">
        <button type="submit" aria-label="Unassign ${name}">Unassign</button>
        <label for="by-${sub}">by</label>
        <select id="by-${sub}" name="by">
          ${[...unassignWays].map(([value, label]) => html`<option value="${value}">${label}</option>`)}
        </select>
      </form>
    </div>
  </div>`;
}

function state(account) {
  if (!account) return html`<span class="muted">Not known to be at Curfew.</span>`;
  const { id, active, roles } = account;
  return html`<span>${active ? 'Assigned to Curfew' : 'Deactivated at Curfew'}, as <code>${id}</code></span>
    ${roles.length > 0 && html`<span class="muted">${roles.join(', ')}</span>`}`;
}

function renameForm(path, { sub, name, email }) {
  return html`<form class="fields" method="post" action="${path}/rename">
    <div class="field">
      <label for="name-${sub}">Name</label>
      <input id="name-${sub}" name="name" value="${name}" autocomplete="off" required />
    </div>
    <div class="field">
      <label for="email-${sub}">Email</label>
      <input id="email-${sub}" name="email" type="email" value="${email}" autocomplete="off" required />
    </div>
    <div class="buttons"><button type="submit" aria-label="Rename ${name}">Rename</button></div>
  </form>`;
}

function roleForm(provisioning, path, { sub, name }) {
  const { roles } = provisioning;
  const theirs = provisioning.account(sub)?.roles ?? [];
  if (roles.length === 0) {
    return html`<p class="muted">Which roles there are is not known yet: Find roles asks Curfew.</p>`;
  }
  return html`<form class="fields" method="post" action="${path}/role">
    <div class="field">
      <label for="role-${sub}">Role</label>
      <select id="role-${sub}" name="role">
        <option value="">None</option>
        ${roles.map(
          ({ id, displayName }) =>
            html`<option value="${id}" ${theirs.includes(displayName) && 'selected'}>${displayName}</option>`,
        )}
      </select>
    </div>
    <div class="buttons"><button type="submit" aria-label="Give ${name} the role">Give role</button></div>
  </form>`;
}
