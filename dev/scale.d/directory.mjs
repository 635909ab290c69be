/** The same requests to both orgs, in turns, over one connection each. */
import { Agent, request } from 'node:http';

const rounds = Number(process.env.SCALE_ROUNDS);
const many = Number(process.env.SCALE_PEOPLE);
const orgs = [
  { name: 'small.example', people: 100, key: process.env.SCALE_SMALL_KEY },
  { name: 'large.example', people: many, key: process.env.SCALE_LARGE_KEY },
].map((org) => ({ ...org, agent: new Agent({ keepAlive: true, maxSockets: 1 }) }));

/** How many milliseconds an answer took to be whole, and what it says. */
function send(org, method, path, body) {
  return new Promise((resolve, reject) => {
    const began = performance.now();
    const headers = { authorization: `Bearer ${org.key}`, ...(body && { 'content-type': 'application/scim+json' }) };
    const url = `${process.env.SCALE_URL}/scim/v2${path}`;
    const asked = request(url, { method, headers, agent: org.agent, family: 4 }, (answer) => {
      const parts = [];
      answer.on('data', (part) => parts.push(part));
      answer.on('end', () => {
        const took = performance.now() - began;
        const text = Buffer.concat(parts).toString();
        if (answer.statusCode >= 300) reject(new Error(`${method} ${path}: ${answer.statusCode} ${text}`));
        else resolve({ took, json: text && JSON.parse(text) });
      });
    });
    asked.on('error', reject);
    asked.end(body && JSON.stringify(body));
  });
}

const filter = (text) => `filter=${encodeURIComponent(text)}`;
const person = (org, round) => `person${1 + ((round * 7919) % org.people)}@${org.name}`;
const patch = (operation) => ({
  schemas: ['urn:ietf:params:scim:api:messages:2.0:PatchOp'],
  Operations: [operation],
});

const acts = {
  'userName eq': (org, round) => send(org, 'GET', `/Users?${filter(`userName eq "${person(org, round)}"`)}`),
  'externalId eq': (org, round) => send(org, 'GET', `/Users?${filter(`externalId eq "E${1 + (round % 100)}"`)}`),
  'emails[type eq "work"].value eq': (org, round) =>
    send(org, 'GET', `/Users?${filter(`emails[type eq "work"].value eq "${person(org, round)}"`)}`),
  'page of 200, the first': (org) => send(org, 'GET', '/Users?startIndex=1&count=200'),
  'page of 200, in the middle': (org) => send(org, 'GET', `/Users?startIndex=${org.people / 2 + 1}&count=200`),
  'page of 200, the last full one': (org) => send(org, 'GET', `/Users?startIndex=${Math.max(1, org.people - 199)}&count=200`),
  'PATCH of a title': (org, round) =>
    send(org, 'PATCH', `/Users/${org.ids[round % org.ids.length]}`, patch({ op: 'replace', path: 'title', value: `T${round}` })),
  'PATCH active, off and on': async (org, round) => {
    const set = (active) => send(org, 'PATCH', `/Users/${org.ids[round % org.ids.length]}`, patch({ op: 'replace', value: { active } }));
    const [off, on] = [await set(false), await set(true)];
    return { took: off.took + on.took };
  },
  'PATCH of a member into the group of everybody': async (org, round) => {
    const id = org.ids[round % org.ids.length];
    const out = await send(org, 'PATCH', `/Groups/${org.everybody}`, patch({ op: 'remove', path: `members[value eq "${id}"]` }));
    const back = await send(org, 'PATCH', `/Groups/${org.everybody}`, patch({ op: 'add', path: 'members', value: [{ value: id }] }));
    return { took: out.took + back.took };
  },
};

for (const org of orgs) {
  const page = await send(org, 'GET', '/Users?count=100&attributes=id');
  if (page.json.totalResults !== org.people) throw new Error(`${org.name} has ${page.json.totalResults} people`);
  org.ids = page.json.Resources.map(({ id }) => id);
  const groups = await send(org, 'GET', `/Groups?excludedAttributes=members&${filter('displayName eq "Everybody"')}`);
  org.everybody = groups.json.Resources[0].id;
}

const median = (all) => all.sort((a, b) => a - b)[Math.floor(all.length / 2)];
console.log(`\nmedians of ${rounds}, in ms: 100 people, ${many} people, ratio`);
for (const [name, act] of Object.entries(acts)) {
  const took = orgs.map(() => []);
  for (let round = -10; round < rounds; round += 1) {
    for (const [at, org] of orgs.entries()) {
      const answer = await act(org, Math.abs(round));
      if (round >= 0) took[at].push(answer.took);
    }
  }
  const [small, large] = took.map(median);
  console.log(`${name.padEnd(48)} ${small.toFixed(2).padStart(7)} ${large.toFixed(2).padStart(7)} ${(large / small).toFixed(2).padStart(6)}`);
}
