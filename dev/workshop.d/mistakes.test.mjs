// Mistakes that a follower of the workshop makes: each must be found by the step's check, which says how to mend it; and
// mended so, the check passes. Run by dev/test, beside a running demo.
import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { beforeEach, test } from 'node:test';
import { finds, idp, passes, seed } from './support.mjs';

const closed = 'http://localhost:9';

function setOidc({
  issuer = `${idp}/whiterabbit.fake`,
  client = 'curfew',
  secret = 'demo-secret-of-whiterabbit.fake',
} = {}) {
  const provider = ['--issuer', issuer, '--client-id', client, '--client-secret', secret];
  seed('org', 'set-oidc', 'whiterabbit.fake', ...provider, '--no-check');
}

beforeEach(() => {
  seed('workshop', 'universal-logout');
});

test('the API is down', () => {
  finds('1.3', /does not answer/, /make up/, { CURFEW_API_URL: closed, CURFEW_PUBLIC_URL: closed });
  passes('1.3');
});

test('the provider is down', () => {
  finds('6.1', /does not answer/, /make up/, { CURFEW_IDP_URL: 'http://127.0.0.1:9' });
  passes('6.1');
});

test('the issuer has a slash at its end', () => {
  setOidc({ issuer: `${idp}/whiterabbit.fake/` });
  finds('6.3', /The issuer .*\/whiterabbit\.fake\/ does not pass/, /spelt as its own discovery document/);
  setOidc();
  passes('6.3');
});

test('the issuer is somewhere else', () => {
  setOidc({ issuer: `${idp}/nobody.fake` });
  finds('2.12', /The issuer .*nobody\.fake does not pass/, /seed org set-oidc/);
});

test('the client id is another one', () => {
  setOidc({ client: 'curfew-2' });
  finds('2.12', /The provider refuses the way there/, /client id/);
  setOidc();
  passes('2.12');
});

test('the client secret is wrong', () => {
  setOidc({ secret: 'demo-secret-of-matrix.fake' });
  finds('2.12', /does not accept the client secret/, /copy the secret/);
  setOidc();
  passes('2.12');
});

test('the redirect URI is not the one that is registered', () => {
  const elsewhere = process.env.CURFEW_API_URL.replace('localhost', '127.0.0.1');
  finds('2.11', /The provider refuses the way there/, /register http:\/\/127\.0\.0\.1.* as a redirect URI/, {
    CURFEW_API_URL: elsewhere,
    CURFEW_PUBLIC_URL: elsewhere,
  });
  passes('2.11');
});

test('the key was revoked', () => {
  seed('key', 'revoke', 'whiterabbit.fake', '1313');
  finds('6.10', /The key 131313 of whiterabbit\.fake has been revoked/, /seed workshop/);
});

test('the key is of another part, and lacks the scope', () => {
  seed('workshop', 'workflows');
  finds('6.10', /is not good for revoke: its scopes are todos:read/, /seed workshop/);
  seed('workshop', 'universal-logout');
});

test('the company is not there', () => {
  seed('org', 'erase', 'whiterabbit.fake', '--confirm', 'whiterabbit.fake');
  finds('6.1', /No company owns the domain whiterabbit\.fake/, /seed workshop universal-logout/);
});

test('the provider does not have her', () => {
  const people = JSON.parse(
    execFileSync('curl', ['-sf', `${idp}/admin/api/whiterabbit.fake/people`], { encoding: 'utf8' }),
  );
  const { sub } = people.find(({ email }) => email === 'trinity@whiterabbit.fake');
  execFileSync('curl', ['-sf', '-X', 'DELETE', `${idp}/admin/api/whiterabbit.fake/people/${sub}`]);
  finds('6.4', /The provider does not have Trinity/, /add her on its page/);
});

test('she was not moved', () => {
  finds('6.5', /Trinity is still without a company/, /seed oidc-migrate whiterabbit\.fake/);
  seed('oidc-migrate', 'whiterabbit.fake');
  seed(
    'sign-in',
    'trinity@whiterabbit.fake',
    '--password',
    'Zion',
    '--cookies',
    '.curfew/workshop/trinity.cookies',
  );
  passes('6.5');
});

test('nobody was signed out yet', () => {
  seed('oidc-migrate', 'whiterabbit.fake');
  seed(
    'sign-in',
    'trinity@whiterabbit.fake',
    '--password',
    'Zion',
    '--cookies',
    '.curfew/workshop/trinity.cookies',
  );
  finds('6.11', /None of Trinity.s sign-ins was ended by a demand/, /send the request/);
});

test('others can read the report’s key', () => {
  seed('workshop', 'workflows');
  const folder = '.curfew/workshop';
  mkdirSync(folder, { recursive: true });
  execFileSync('sh', [
    '-c',
    `umask 077; echo key >${folder}/report.key; echo '#!/bin/sh' >${folder}/report.sh`,
  ]);
  chmodSync(`${folder}/report.sh`, 0o700);
  passes('5.10');
  chmodSync(`${folder}/report.key`, 0o644);
  finds('5.10', /Others can read .*report\.key/, /chmod 600/);
  rmSync(`${folder}/report.key`);
  finds('5.10', /There is no .*report\.key/, /run the commands/);
});

test('the cookies are of an earlier world', () => {
  seed('workshop', 'start');
  const cookies = '.curfew/workshop/bobby.cookies';
  seed('sign-in', 'bob@tables.fake', '--password', 'correct horse battery staple', '--cookies', cookies);
  passes('1.10');
  seed('workshop', 'start');
  finds('1.10', /answers 401/, /sign in once more/);
});

test('the garden was changed by hand, or another file was applied', () => {
  seed('workshop', 'configuration');
  const file = '.curfew/workshop/garden.toml';
  const garden =
    '[[org]]\nslug = "garden.example"\n[org.policy]\nidle_timeout = "15m"\nabsolute_lifetime = "8h"\n';
  writeFileSync(file, garden);
  finds('4.4', /No company owns the domain garden\.example/, /seed apply .*garden\.toml/);
  seed('apply', file, '--yes');
  passes('4.4');
  seed('org', 'policy', 'garden.example', '--idle', '1h');
  finds('4.4', /policy is not the file's/, /seed apply .*garden\.toml/);
  writeFileSync('.curfew/workshop/another-name.toml', garden);
  finds('4.9', /differs from .*another-name\.toml in 1 things/, /seed plan .*another-name\.toml/);
  seed('apply', file, '--yes');
  passes('4.9');
  seed('org', 'erase', 'garden.example', '--confirm', 'garden.example');
  finds('4.11', /in 6 things/, /seed plan/);
});
