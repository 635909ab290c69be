import { readFile } from 'node:fs/promises';
import { admin } from './admin.js';
import { document, html, initials, pageHeaders } from './html.js';
import { allowMethods, Refusal, refuseOtherNames, send, sendJson } from './http.js';
import { signIn } from './sign-in.js';
import { createTenant, newSecrets } from './tenant.js';
import { companies } from './tenants.js';

const HTML = 'text/html; charset=utf-8';

/**
 * The listener for an HTTP server. `origin` is this server's own address, `apiUrl` and `publicUrl` are the app's, for
 * whose answers it waits `patience` milliseconds.
 */
export async function createApp(settings) {
  const tenants = new Map();
  for (const company of companies)
    tenants.set(company.slug, createTenant(company, await newSecrets(), settings));
  const styles = new Map();
  for (const path of ['/style.css', '/admin.css']) {
    styles.set(path, await readFile(new URL(`.${path}`, import.meta.url), 'utf8'));
  }

  async function route(req, res) {
    refuseOtherNames(req, settings.origin);
    const [path] = req.url.split('?');
    const [, first, ...rest] = path.split('/');

    const tenant = tenants.get(first);
    if (tenant && rest[0] === 'sign-in') return signIn(tenant, req, res, settings);
    if (tenant && rest.length > 0) return provider(tenant, req, res);
    if (first === 'admin') return admin(tenants, rest, req, res, settings);

    allowMethods(req, 'GET', 'HEAD');
    if (path === '/') return send(res, 200, HTML, overview(tenants), pageHeaders(settings));
    if (path === '/health') return res.writeHead(204).end();
    if (styles.has(path)) return send(res, 200, 'text/css; charset=utf-8', styles.get(path));
    throw new Refusal(404, 'There is nothing here.');
  }

  return async (req, res) => {
    try {
      await route(req, res);
    } catch (error) {
      refuse(error, req, res, settings);
    }
  };
}

// baseUrl is how oidc-provider learns what its own addresses begin with.
function provider(tenant, req, res) {
  req.baseUrl = `/${tenant.slug}`;
  req.url = req.url.slice(req.baseUrl.length);
  return tenant.handle(req, res);
}

function refuse(error, req, res, settings) {
  if (!(error instanceof Refusal)) console.error(error);
  if (res.headersSent) return res.destroy();
  const status = error.status ?? 500;
  const sentence = error instanceof Refusal ? error.message : 'Something broke here. The log says what.';
  if (!req.headers.accept?.includes('text/html')) {
    return sendJson(res, status, { error: sentence, ...error.more });
  }
  const body = html`<h1>This did not work</h1>
    <p>${sentence}</p>
    <p><a href="/">To the overview</a></p>`;
  return send(res, status, HTML, document({ title: 'This did not work', body }), pageHeaders(settings));
}

function overview(tenants) {
  return document({
    title: 'Demo identity provider',
    body: html`
      <h1>Demo identity provider</h1>
      <p>Where the demo’s companies sign their people in. Each of them is an OpenID provider of its own.</p>
      <ul class="list">
        ${[...tenants.values()].map(
          ({ slug, name, issuer }) =>
            html`<li data-company="${slug}">
              <span class="mark" aria-hidden="true">${initials(name)}</span>
              <p>
                <strong>${name}</strong>
                <a href="/admin#${slug}">People and sessions</a>
                <a href="/${slug}/.well-known/openid-configuration">Configuration</a>
                <code>${issuer}</code>
              </p>
            </li>`,
        )}
      </ul>
    `,
  });
}
