/** The door `key` from outside: sign in, watch, demand, first 401. With a file: what `seed drill` has found, in the same form. */
import { readFileSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';

const { OUTSIDE_URL: url, OUTSIDE_KEY: key } = process.env;
const rounds = Number(process.env.OUTSIDE_ROUNDS);
const PAUSE = 5;
const agent = new Agent({ keepAlive: true });

function print(who, cookies, streams) {
  const sorted = (times) => times.toSorted((a, b) => a - b);
  const at = (times, q) => sorted(times)[Math.ceil(q * times.length) - 1].toFixed(1).padStart(7);
  const line = (times) => `median ${at(times, 0.5)} ms, slowest ${at(times, 1)} ms`;
  console.log(`${who.padEnd(13)} cookie: ${line(cookies)}   stream: ${line(streams)}   (${cookies.length} rounds)`);
}

/** The answer, read to its end unless `open`. */
function ask(method, path, { headers = {}, body, open } = {}) {
  return new Promise((resolve, reject) => {
    const all = { ...headers, ...(body && { 'content-type': 'application/json' }) };
    const asked = request(`${url}${path}`, { method, headers: all, agent, family: 4 }, (answer) => {
      if (open) return resolve(answer);
      answer.resume();
      answer.on('end', () => resolve(answer));
    });
    asked.on('error', reject);
    asked.end(body && JSON.stringify(body));
  });
}

async function round() {
  const email = 'trinity@outside.fake';
  const signedIn = await ask('POST', '/api/signin', { body: { username: email, password: 'as good as any other' } });
  if (signedIn.statusCode !== 200) throw new Error(`the sign-in was refused: ${signedIn.statusCode}`);
  const cookie = signedIn.headers['set-cookie'][0].split(';')[0];
  const headers = { cookie, 'curfew-background': 'outside' };
  const live = await ask('GET', '/api/live', { headers, open: true });
  let told;
  live.on('data', (bytes) => {
    if (bytes.includes('event: ended')) told ??= performance.now();
  });
  const closed = new Promise((resolve) => live.on('close', resolve));
  let alive = 0;
  const refused = (async () => {
    for (;;) {
      const { statusCode } = await ask('GET', '/api/users/me', { headers });
      if (statusCode === 401) return performance.now();
      if (statusCode !== 200) throw new Error(`the cookie was answered with ${statusCode}`);
      alive += 1;
      await sleep(PAUSE);
    }
  })();
  // A stream that has just begun says its second word when its first has been acknowledged, which systems put off for
  // 40 ms (RFC 896, RFC 1122 §4.2.3.2). The drill's are older than that.
  await sleep(100);
  if (alive === 0) throw new Error('the cookie was not seen alive');
  const sent = performance.now();
  const demand = { headers: { authorization: `Bearer ${key}` }, body: { sub_id: { format: 'email', email } } };
  const answer = await ask('POST', '/global-token-revocation', demand);
  if (answer.statusCode !== 204) throw new Error(`the demand was refused: ${answer.statusCode}`);
  const cookieTime = (await refused) - sent;
  await closed;
  return [cookieTime, told - sent];
}

if (process.argv[2]) {
  const { results } = JSON.parse(readFileSync(process.argv[2], 'utf8'));
  const times = (name) => results.filter(({ credential }) => credential === name).map(({ ms }) => ms);
  print('seed drill', times('cookie'), times('stream'));
} else {
  await round();
  const times = [];
  for (let n = 0; n < rounds; n += 1) times.push(await round());
  print('from outside', ...[0, 1].map((i) => times.map((pair) => pair[i])));
  agent.destroy();
}
