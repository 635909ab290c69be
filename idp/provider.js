import { interactionPolicy, Provider } from './oidc-provider.js';
import { confirmSignOut, showProviderError, signedOut } from './pages.js';
import { backchannelLogoutUri, deliver, isForThisSession, signOutAtOnce } from './sign-out.js';
import { clientId, clientSecret } from './tenants.js';

const HOUR = 60 * 60;

/** oidc-provider takes its keys once and for all, so a new key means a new provider; what it remembers is the tenant's. */
export function startProvider(tenant, settings) {
  tenant.provider = createProvider(tenant, settings);
  tenant.handle = tenant.provider.callback();
}

/** The OpenID provider of one company, below a path of its own: it shares neither keys nor cookies nor sessions. */
function createProvider(tenant, settings) {
  const { slug, issuer, keys, cookieKeys, people, store } = tenant;
  const path = new URL(issuer).pathname;
  const sessionCookie = { httpOnly: true, sameSite: 'lax', path };
  const provider = new Provider(issuer, {
    clients: [client(slug, settings)],
    clientAuthMethods: ['client_secret_basic', 'client_secret_post'],
    jwks: { keys: keys.all() },
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
      keys: cookieKeys,
      names: {
        session: `${slug}.session`,
        interaction: `${slug}.sign-in`,
        resume: `${slug}.resume`,
      },
      // The short-lived ones get the path of the one sign-in that they belong to.
      long: sessionCookie,
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
        logoutSource: (ctx, form) =>
          isForThisSession(ctx)
            ? signOutAtOnce(ctx, tenant, sessionCookie)
            : confirmSignOut(ctx, tenant, form, settings),
        postLogoutSuccessSource: (ctx) => signedOut(ctx, tenant, settings),
      },
      backchannelLogout: { enabled: true },
    },
    // The library's own way refuses addresses of this machine, where the app is.
    fetch: (url, options) => deliver(tenant, url, options),
    clientBasedCORS: () => false,
    renderError: (ctx, out) => showProviderError(ctx, tenant, out, settings),
  });

  provider.on('server_error', (_ctx, error) => console.error(error));
  return provider;
}

function client(slug, settings) {
  const { apiUrl, publicUrl } = settings;
  return {
    client_id: clientId,
    client_secret: clientSecret(slug),
    client_name: 'Curfew',
    redirect_uris: [`${apiUrl}/openid/callback/${slug}`],
    post_logout_redirect_uris: [`${publicUrl}/signed-out`],
    backchannel_logout_uri: backchannelLogoutUri(slug, settings),
    backchannel_logout_session_required: true,
    grant_types: ['authorization_code'],
    response_types: ['code'],
    token_endpoint_auth_method: 'client_secret_basic',
    require_auth_time: true,
  };
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
