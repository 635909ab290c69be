/** The app's SCIM server, as a company's provider sees it: it keeps users, and what it was asked. */
import { listen } from './support.js';

export const token = 'cfw_a-secret-that-nobody-gets-to-read-wxyz';
export const slug = 'whiterabbit.fake';
export const sub = '00u7hq2mXw9KtRb4Ld5c';

const LIST = 'urn:ietf:params:scim:api:messages:2.0:ListResponse';
const ERROR = 'urn:ietf:params:scim:api:messages:2.0:Error';
const USER = 'urn:ietf:params:scim:schemas:core:2.0:User';

/** Trinity, as the app has her: with something of its own, which a PUT of the whole has to bring back. */
export const trinityThere = {
  schemas: [USER],
  id: 'u-trinity',
  userName: 'trinity@whiterabbit.fake',
  name: { givenName: 'Trinity', familyName: 'Anderson' },
  emails: [{ primary: true, value: 'trinity@whiterabbit.fake', type: 'work' }],
  displayName: 'Trinity Anderson',
  active: true,
  roles: [{ value: 'r-member', display: 'Member' }],
  meta: { resourceType: 'User', version: 'W/"1"' },
};

const resourceTypes = [
  { id: 'User', name: 'User', endpoint: '/Users', schema: USER },
  { id: 'Role', name: 'Role', endpoint: '/Roles', schema: 'urn:okta:scim:schemas:core:1.0:Role' },
  {
    id: 'Badge',
    name: 'Badge',
    endpoint: '/Badges',
    schema: 'urn:okta:scim:schemas:core:1.0:Entitlement',
  },
];
const roles = [
  { id: 'r-auditor', displayName: 'Auditor', description: 'Looks.' },
  { id: 'r-member', displayName: 'Member' },
];
const badges = [{ id: 'b-tall', displayName: 'Is tall', type: 'Height' }];

/**
 * `answers` may be set to a function that is given each request first: what it returns, a `status` with a `body` or a
 * `text`, is the answer, and 'never' is none.
 */
export async function startScim(t, users = []) {
  const { server, port } = await listen(t);
  const app = { url: `http://localhost:${port}`, users, received: [], answers: () => undefined };
  app.lines = () => app.received.map(({ line }) => line);
  server.on('request', async (req, res) => {
    let text = '';
    for await (const chunk of req) text += chunk;
    const path = decodeURIComponent(req.url).replace('/scim/v2', '');
    const request = {
      line: `${req.method} ${path}`,
      url: req.url,
      headers: req.headers,
      body: text && JSON.parse(text),
    };
    app.received.push(request);
    const answer = app.answers(request) ?? usual(app, req.method, path, request);
    if (answer === 'never') return;
    const { status = 200, body, headers } = answer;
    res.writeHead(status, { 'content-type': 'application/scim+json', ...headers });
    res.end(answer.text ?? (body && JSON.stringify(body)));
  });
  return app;
}

export const refusal = (status, detail) => ({
  status,
  body: { schemas: [ERROR], status: String(status), detail },
});

export const list = (resources, totalResults = resources.length) => ({
  body: {
    schemas: [LIST],
    totalResults,
    startIndex: 1,
    itemsPerPage: resources.length,
    Resources: resources,
  },
});

function usual(app, method, path, { headers, body }) {
  if (headers.authorization !== `Bearer ${token}`) return refusal(401, 'This key is not known.');
  const url = new URL(path, app.url);
  const id = url.pathname.split('/')[2];
  if (url.pathname === '/ResourceTypes') return list(resourceTypes);
  if (url.pathname === '/Roles') return list(roles);
  if (url.pathname === '/Badges') return list(badges);
  if (method === 'POST') {
    app.users.push({ ...body, id: `u-${app.users.length + 1}`, password: undefined });
    return { status: 201, body: app.users.at(-1) };
  }
  if (!id) return search(app, url.searchParams);
  const user = app.users.find((each) => each.id === id);
  if (!user) return refusal(404, 'There is no such user.');
  if (method === 'PUT') Object.assign(user, body);
  if (method === 'PATCH') Object.assign(user, body.Operations[0].value);
  return { body: user };
}

function search({ users }, query) {
  const name = /^userName eq "(.*)"$/.exec(query.get('filter'))?.[1];
  const found = name ? users.filter(({ userName }) => userName === name) : users;
  const start = query.get('startIndex') - 1;
  return list(found.slice(start, start + Number(query.get('count'))), found.length);
}
