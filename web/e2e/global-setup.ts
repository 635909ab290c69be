import { seed, zion } from './seed';

export default async function setUp(): Promise<void> {
  // It may be there from an earlier run. Where it is missing for another reason, the key can't be made.
  await seed('org', 'add', zion, '--name', 'Zion').catch(() => undefined);
  process.env.CURFEW_E2E_KEY = await seed('key', 'mint', zion, '--scope', 'revoke');
}
