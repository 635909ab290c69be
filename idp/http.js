/** What this server's own pages have in common: what they read, whom they answer, and how. */

/** A request that is not done, with a sentence for whoever made it. Programs are told `more`, too. */
export class Refusal extends Error {
  constructor(status, message, more = {}) {
    super(message);
    this.status = status;
    this.more = more;
  }
}

const LARGEST_BODY = 16 * 1024;

async function readBody(req, type) {
  if (req.headers['content-type']?.split(';')[0].trim().toLowerCase() !== type) {
    throw new Refusal(415, `Send this as ${type}.`);
  }
  const chunks = [];
  let size = 0;
  for await (const chunk of req) {
    size += chunk.length;
    if (size > LARGEST_BODY) throw new Refusal(413, 'This is too long.');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

export async function readForm(req) {
  return Object.fromEntries(new URLSearchParams(await readBody(req, 'application/x-www-form-urlencoded')));
}

export async function readJson(req) {
  const body = await readBody(req, 'application/json');
  try {
    const value = JSON.parse(body);
    if (value !== null && typeof value === 'object') return value;
  } catch {
    // Said below.
  }
  throw new Refusal(400, 'Send a JSON object.');
}

/** A page of another site that has its name resolve to this machine names that site in its Host header. */
export function refuseOtherNames(req, origin) {
  if (req.headers.host !== new URL(origin).host) {
    throw new Refusal(421, `This server answers at ${origin} only.`);
  }
}

/** Programs send neither header. */
export function refuseOtherSites(req, origin) {
  const site = req.headers['sec-fetch-site'];
  const ours = site
    ? site === 'same-origin' || site === 'none'
    : [undefined, origin].includes(req.headers.origin);
  if (!ours) throw new Refusal(403, 'This was sent by a page of another site.');
}

export function allowMethods(req, ...methods) {
  if (!methods.includes(req.method)) throw new Refusal(405, `Use ${methods.join(' or ')} here.`);
}

export function send(res, status, type, body, headers = {}) {
  res.writeHead(status, {
    'Content-Type': type,
    'Cache-Control': 'no-store',
    'X-Content-Type-Options': 'nosniff',
    ...headers,
  });
  res.end(body);
}

export function sendJson(res, status, value) {
  send(res, status, 'application/json', `${JSON.stringify(value)}\n`);
}

export function redirect(res, location) {
  res.writeHead(303, { Location: location, 'Cache-Control': 'no-store' });
  res.end();
}
