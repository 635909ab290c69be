/** Signing people out: at the app, which is told behind the browser's back, and here. */
import { AsyncLocalStorage } from 'node:async_hooks';
import { randomUUID } from 'node:crypto';
import { decodeJwt } from 'jose';
import { clientId } from './tenants.js';

export const UNIVERSAL_LOGOUT = 'Universal Logout';
export const BACKCHANNEL_LOGOUT = 'Back-channel logout';

// --- Universal Logout, as Okta sends it -----------------------------------------------------------

/** By what a person is named to the app. */
export const subjectFormats = new Map([
  ['email', { label: 'Email', subject: (_issuer, { email }) => ({ email }) }],
  ['iss_sub', { label: 'Issuer and Subject', subject: (iss, { sub }) => ({ iss, sub }) }],
]);

export async function universalLogout(tenant, person, { format, endSessions }, { apiUrl }) {
  const { slug, issuer, keys, sent, store } = tenant;
  if (endSessions) store.forget(person.sub);

  const url = `${apiUrl}/orgs/${slug}/global-token-revocation`;
  const now = Math.floor(Date.now() / 1000);
  const token = await keys.sign('global-token-revocation+jwt', {
    jti: randomUUID(),
    iss: issuer,
    sub: clientId,
    aud: url,
    iat: now,
    nbf: now - 300,
    exp: now + 300,
  });
  const subject = subjectFormats.get(format).subject(issuer, person);
  return sent.post(
    { what: UNIVERSAL_LOGOUT, name: person.name, subject: subject.email ?? `iss and sub ${subject.sub}` },
    url,
    {
      headers: { 'Content-Type': 'application/json', Authorization: `Bearer ${token}` },
      body: JSON.stringify({ sub_id: { format, ...subject } }),
    },
  );
}

// --- back-channel logout --------------------------------------------------------------------------

export const backchannelLogoutUri = (slug, { apiUrl }) => `${apiUrl}/orgs/${slug}/backchannel-logout`;

/** Ends one session here, and tells the app, unless it never had a part in it. */
export async function endSession(tenant, { uid, accountId, authorizations }) {
  tenant.store.endSession(uid);
  const sid = authorizations?.[clientId]?.sid;
  return sid && sendLogoutToken(tenant, accountId, sid);
}

/** Ends all of a person's here, and tells the app that all of theirs there are over, whichever they are. */
export async function endAllSessions(tenant, { sub }) {
  tenant.store.forget(sub);
  return sendLogoutToken(tenant, sub, undefined);
}

// oidc-provider makes and sends the tokens. Of the answer it says only whether it was a good one; how it was in detail
// comes back this way to whoever asked for the sending.
const askedFor = new AsyncLocalStorage();

async function sendLogoutToken({ provider }, sub, sid) {
  const client = await provider.Client.find(clientId);
  const asked = {};
  try {
    await askedFor.run(asked, () => client.backchannelLogout(sub, sid));
  } catch (error) {
    if (!asked.entry) throw error;
  }
  return asked.entry;
}

/** How oidc-provider sends what it sends, which is nothing but logout tokens. */
export async function deliver({ people, sent }, url, { headers, body }) {
  const { sub, sid } = decodeJwt(body.get('logout_token'));
  const subject = sid ? `sid ${sid}` : `sub ${sub}`;
  const entry = await sent.post({ what: BACKCHANNEL_LOGOUT, name: people.find(sub)?.name, subject }, url, {
    headers,
    body,
  });
  const asked = askedFor.getStore();
  if (asked) asked.entry = entry;
  if (entry.trouble) throw new Error(entry.trouble);
  return new Response(null, { status: entry.status });
}

// --- signing out here, at the app's wish ----------------------------------------------------------

/** Whether the app's ID token was made in just this browser's session: then its person wants to go, and need not say so. */
export function isForThisSession({ oidc: { entities, session } }) {
  const hint = entities.IdTokenHint?.payload;
  const sid = session.authorizations?.[clientId]?.sid;
  return Boolean(hint && sid && hint.sid === sid && hint.sub === session.accountId);
}

/** What oidc-provider does once its question has been answered with yes, without the question. */
export async function signOutAtOnce(ctx, tenant, cookie) {
  const { session, params, provider } = ctx.oidc;
  await endSession(tenant, session);
  await session.destroy();
  ctx.cookies.set(provider.cookieName('session'), null, cookie);

  const back = new URL(params.post_logout_redirect_uri ?? ctx.oidc.urlFor('end_session_success'));
  if (params.post_logout_redirect_uri && params.state !== undefined) {
    back.searchParams.set('state', params.state);
  }
  ctx.status = 303;
  ctx.redirect(back.href);
}
