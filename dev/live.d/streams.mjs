/** 100 people with 5 streams each on both of two processes; then their owner signs everybody out. */
import { readFileSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';

const PEOPLE = 100;
const EACH = 5;
const urls = process.env.LIVE_URLS.trim().split(' ');
const pids = process.env.LIVE_PIDS.trim().split(' ');
const agent = new Agent({ keepAlive: false, maxSockets: Infinity });

/** Resolves when the answer begins. */
function ask(method, url, { cookie, body } = {}) {
  return new Promise((resolve, reject) => {
    const headers = { ...(cookie && { cookie }), ...(body && { 'content-type': 'application/json' }) };
    // The pages are of the first process; the cookie is good at both.
    const asked = request(url, { method, headers, agent, family: 4 }, resolve);
    asked.on('error', reject);
    asked.end(body && JSON.stringify(body));
  });
}

async function signIn(email) {
  const answer = await ask('POST', `${urls[0]}/api/signin`, {
    body: { username: email, password: 'as good as any other' },
  });
  answer.resume();
  if (answer.statusCode !== 200) throw new Error(`sign-in of ${email}: ${answer.statusCode}`);
  return answer.headers['set-cookie'][0].split(';')[0];
}

const memory = (pid) => Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))[1]);
/** Connections of clients', as the kernel counts them. */
function connections(url) {
  const port = Number(new URL(url).port).toString(16).toUpperCase().padStart(4, '0');
  const lines = ['tcp', 'tcp6'].flatMap((file) => readFileSync(`/proc/net/${file}`, 'utf8').split('\n'));
  return lines.filter((line) => new RegExp(`^\\s*\\d+: [0-9A-F]+:${port} [0-9A-F]+:[0-9A-F]{4} 01 `).test(line)).length;
}

/** An open stream, and when it was told, in milliseconds. */
async function open(url, cookie) {
  const answer = await ask('GET', `${url}/api/live`, { cookie });
  if (answer.statusCode !== 200) throw new Error(`a stream was refused: ${answer.statusCode}`);
  const stream = { told: undefined, closed: undefined };
  const begun = new Promise((resolve) => answer.once('data', resolve));
  answer.on('data', (bytes) => {
    if (bytes.includes('event: ended')) stream.told = performance.now();
  });
  stream.end = new Promise((resolve) => answer.on('close', resolve));
  await begun;
  return stream;
}

const quantile = (sorted, q) => sorted[Math.min(sorted.length - 1, Math.ceil(q * sorted.length) - 1)].toFixed(0);

const cookies = [];
for (let n = 0; n < PEOPLE; n += 1) cookies.push(await signIn(`person${n}@live.fake`));
const owner = await signIn('owner@live.fake');
await sleep(1000);
const before = pids.map(memory);

const streams = [];
for (const cookie of cookies) {
  streams.push(...(await Promise.all(urls.flatMap((url) => Array.from({ length: EACH }, () => open(url, cookie))))));
}
await sleep(1000);
const during = pids.map(memory);
const perStream = pids.map((_, i) => (during[i] - before[i]) / (streams.length / pids.length));
const held = urls.map(connections);
console.log(`${streams.length} streams open, ${streams.length / pids.length} on each process.`);
console.log(`Memory for each: ${perStream.map((kib) => `${kib.toFixed(1)} KiB`).join(', ')}.`);

const pressed = performance.now();
const answer = await ask('POST', `${urls[0]}/api/org/revoke`, { cookie: owner });
const answered = performance.now() - pressed;
if (answer.statusCode !== 204) throw new Error(`the revocation was refused: ${answer.statusCode}`);
await Promise.race([Promise.all(streams.map((stream) => stream.end)), sleep(30_000)]);
const told = streams
  .filter((stream) => stream.told !== undefined)
  .map((stream) => stream.told - pressed)
  .sort((a, b) => a - b);
console.log(`Everybody was signed out; the 204 came after ${answered.toFixed(0)} ms.`);
console.log(
  `Told: ${told.length} of ${streams.length}; p50 ${quantile(told, 0.5)} ms, p95 ${quantile(told, 0.95)} ms, the last after ${quantile(told, 1)} ms.`,
);
await sleep(1000);
const left = urls.map(connections);
console.log(`Connections of each process: ${held.join(', ')}; a second after the last was told: ${left.join(', ')}.`);
if (told.length < streams.length || told.at(-1) > 1000 || left.some((many) => many > 0)) {
  console.error('Not all were told within a second, or something was left.');
  process.exit(1);
}
