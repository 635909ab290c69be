/** One company's part of this server: its people, its provider, and all that it remembers. */
import { randomBytes } from 'node:crypto';
import { Keys } from './keys.js';
import { Outcomes } from './outcomes.js';
import { People } from './people.js';
import { startProvider } from './provider.js';
import { Provisioning } from './provisioning.js';
import { Sent } from './sent.js';
import { Store } from './store.js';

/** Longer than the app takes to find out that something it needs for its answer is not to be had. */
const PATIENCE = 5000;

/** What outlives a new beginning: whoever knows the keys goes on knowing them. */
export async function newSecrets() {
  return { keys: await Keys.generate(), cookieKeys: [randomBytes(32).toString('base64url')] };
}

/** As it is at the beginning: with the people of `tenants.js`, nobody signed in, and no key of the app's. */
export function createTenant({ slug, name, people }, { keys, cookieKeys }, settings) {
  const tenant = {
    slug,
    name,
    issuer: `${settings.origin}/${slug}`,
    people: new People(people),
    store: new Store(),
    sent: new Sent(settings.patience ?? PATIENCE),
    outcomes: new Outcomes(),
    keys,
    cookieKeys,
  };
  tenant.provisioning = new Provisioning(tenant, `${settings.apiUrl}/scim/v2`);
  startProvider(tenant, settings);
  return tenant;
}
