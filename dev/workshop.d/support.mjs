/** What the tests of the workshop's mistakes have in common: the command line beside a running demo, and its checks. */
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';

export const idp = process.env.CURFEW_IDP_URL;

export function seed(...line) {
  return execFileSync(process.env.CURFEW_SEED, line, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
}

function check(step, env = {}) {
  const ran = spawnSync(process.env.CURFEW_SEED, ['check', step], {
    encoding: 'utf8',
    env: { ...process.env, ...env },
  });
  return { code: ran.status, said: `${ran.stdout}${ran.stderr}` };
}

/** The check must fail, and say these two things. */
export function finds(step, what, mend, env) {
  const { code, said } = check(step, env);
  assert.equal(code, 1, said);
  assert.match(said, what);
  assert.match(said, mend);
}

export function passes(step) {
  const { code, said } = check(step);
  assert.equal(code, 0, said);
  assert.match(said, new RegExp(`^✓ ${step.replace('.', '\\.')} `));
}
