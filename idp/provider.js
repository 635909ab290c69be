import { generateKeyPair, randomBytes } from 'node:crypto';
import { promisify } from 'node:util';
import { confirmSignOut, showProviderError, signedOut } from './pages.js';
import { interactionPolicy, Provider } from './oidc-provider.js';
import { clientId, clientSecret } from './tenants.js';

const HOUR = 60 * 60;

/** The OpenID provider of one company, below a path of its own: it shares neither keys nor cookies nor sessions. */
export async function createProvider({ slug, name, issuer, people, store }, settings) {
  const path = new URL(issuer).pathname;
  const company = { slug, name };
  const provider = new Provider(issuer, {
    clients: [client(slug, settings)],
    clientAuthMethods: ['client_secret_basic', 'client_secret_post'],
    jwks: { keys: [await signingKey()] },
    enabledJWA: { idTokenSigningAlgValues: ['RS256'] },
    adapter: (model) => store.adapter(model),

    responseTypes: ['code'],
    pkce: { required: () => true },
    scopes: ['openid', 'email', 'profile'],
    claims: { openid: ['sub'], email: ['email', 'email_verified'], profile: ['name'] },
    // The ID token says who it is, too, so that an app need not ask a second time.
    conformIdTokenClaims: false,
    findAccount: (_ctx, sub) => account(people.find(sub)),

    interactions: { url: (_ctx, { uid }) => `${path}/sign-in/${uid}`, policy: policyWithoutConsent() },
    loadExistingGrant: grantEverything,

    cookies: {
      keys: [randomBytes(32).toString('base64url')],
      names: {
        session: `${slug}.session`,
        interaction: `${slug}.sign-in`,
        resume: `${slug}.resume`,
      },
      // The short-lived ones get the path of the one sign-in that they belong to.
      long: { httpOnly: true, sameSite: 'lax', path },
      short: { httpOnly: true, sameSite: 'lax' },
    },
    ttl: {
      AccessToken: HOUR,
      AuthorizationCode: 60,
      Grant: 14 * 24 * HOUR,
      IdToken: HOUR,
      Interaction: HOUR,
      Session: 14 * 24 * HOUR,
    },

    features: {
      devInteractions: { enabled: false },
      dPoP: { enabled: false },
      pushedAuthorizationRequests: { enabled: false },
      resourceIndicators: { enabled: false },
      rpInitiatedLogout: {
        enabled: true,
        logoutSource: (ctx, form) => confirmSignOut(ctx, company, form, settings),
        postLogoutSuccessSource: (ctx) => signedOut(ctx, company, settings),
      },
    },
    clientBasedCORS: () => false,
    renderError: (ctx, out) => showProviderError(ctx, company, out, settings),
  });

  // Unasked, the library names the session in ID tokens only for clients that want to be told of its end.
  provider.Client.prototype.includeSid = () => true;
  provider.on('server_error', (_ctx, error) => console.error(error));
  return provider;
}

function client(slug, { apiUrl, publicUrl }) {
  return {
    client_id: clientId,
    client_secret: clientSecret(slug),
    client_name: 'Curfew',
    redirect_uris: [`${apiUrl}/openid/callback/${slug}`],
    post_logout_redirect_uris: [`${publicUrl}/signed-out`],
    grant_types: ['authorization_code'],
    response_types: ['code'],
    token_endpoint_auth_method: 'client_secret_basic',
    require_auth_time: true,
  };
}

// Without a name of its own a key is named after its digest, so that an app which remembers keys sees it is a new one.
async function signingKey() {
  const { privateKey } = await promisify(generateKeyPair)('rsa', { modulusLength: 2048 });
  return { ...privateKey.export({ format: 'jwk' }), alg: 'RS256', use: 'sig' };
}

function account(person) {
  if (!person) return undefined;
  const { sub, name, email, email_verified } = person;
  return { accountId: sub, claims: async () => ({ sub, name, email, email_verified }) };
}

// The app is the company's own: nobody is asked whether it may know their name.
function policyWithoutConsent() {
  const policy = interactionPolicy.base();
  policy.remove('consent');
  return policy;
}

async function grantEverything(ctx) {
  const { provider, session, client: app } = ctx.oidc;
  const known = session.grantIdFor(app.clientId);
  const existing = known && (await provider.Grant.find(known));
  if (existing) return existing;
  const grant = new provider.Grant({ clientId: app.clientId, accountId: session.accountId });
  grant.addOIDCScope('openid email profile');
  await grant.save();
  return grant;
}
