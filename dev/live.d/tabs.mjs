/** Eight tabs in two browsers, each browser at a process of its own: how long after the demand each is at sign-in. */
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';

// Playwright is the web client's.
const { chromium } = createRequire(join(process.cwd(), 'package.json'))('@playwright/test');
const urls = process.env.LIVE_URLS.trim().split(' ');
const rounds = Number(process.env.LIVE_ROUNDS);
const person = { email: 'person0@live.fake', password: 'as good as any other' };
const executablePath =
  process.env.CHROMIUM ??
  ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find((path) => existsSync(path));

function sql(statement) {
  execFileSync(process.env.LIVE_PSQL, ['-qAt', '-v', 'ON_ERROR_STOP=1', process.env.LIVE_SUPER_URL, '-c', statement], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
}

async function signIn(tab) {
  await tab.getByLabel('Email').fill(person.email);
  await tab.getByRole('button', { name: 'Continue' }).click();
  await tab.getByLabel('Password').fill(person.password);
  await tab.getByRole('button', { name: 'Sign in' }).click();
}

const atSignIn = (tab) => tab.getByRole('heading', { name: 'Sign in' }).waitFor({ timeout: 60_000 });
const atTodos = (tab) => tab.getByRole('heading', { name: 'Your todos' }).waitFor();

async function revoke() {
  const answer = await fetch(`${urls[0]}/global-token-revocation`, {
    method: 'POST',
    headers: { authorization: `Bearer ${process.env.LIVE_KEY}`, 'content-type': 'application/json' },
    body: JSON.stringify({ sub_id: { format: 'email', email: person.email } }),
  });
  if (answer.status !== 204) throw new Error(`the revocation was refused: ${answer.status}`);
}

/** Signs in, in one tab of each browser, and waits until the others have followed and each browser holds a stream. */
async function everybodyIn(browsers) {
  await Promise.all(
    browsers.map(async ({ context, tabs }) => {
      const live = context.waitForEvent('response', (response) => response.url().endsWith('/api/live'));
      await signIn(tabs[0]);
      await Promise.all(tabs.map(atTodos));
      await live;
    }),
  );
}

async function measure(browsers, times, beforehand) {
  const found = [];
  for (let round = 0; round < times; round += 1) {
    await everybodyIn(browsers);
    beforehand?.();
    const pressed = performance.now();
    const left = browsers.flatMap(({ tabs }) =>
      tabs.map(async (tab) => {
        await atSignIn(tab);
        return performance.now() - pressed;
      }),
    );
    await revoke();
    found.push(...(await Promise.all(left)));
  }
  return found.sort((a, b) => a - b);
}

function report(what, found) {
  const quantile = (q) => found[Math.min(found.length - 1, Math.ceil(q * found.length) - 1)].toFixed(0);
  console.log(
    `${what}: ${found.length / 8} rounds of 8 tabs: p50 ${quantile(0.5)} ms, p95 ${quantile(0.95)} ms, the slowest ${quantile(1)} ms.`,
  );
}

const browsers = await Promise.all(
  urls.map(async (baseURL) => {
    const browser = await chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-gpu'] });
    const context = await browser.newContext({ baseURL });
    const tabs = await Promise.all(Array.from({ length: 4 }, () => context.newPage()));
    await Promise.all(tabs.map((tab) => tab.goto('/').then(() => atSignIn(tab))));
    return { browser, context, tabs };
  }),
);

report('As it is', await measure(browsers, rounds));
const kill =
  "select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and query ilike 'listen%'";
report('Listeners killed just before', await measure(browsers, Math.ceil(rounds / 10), () => sql(kill)));
// A function of PostgreSQL's own, on a server that is thrown away afterwards.
sql(
  "set allow_system_table_mods = on; create or replace function pg_catalog.pg_notify(text, text) returns void language sql volatile as 'select null::void'",
);
report('Every announcement swallowed', await measure(browsers, Math.ceil(rounds / 20)));
await Promise.all(browsers.map(({ browser }) => browser.close()));
