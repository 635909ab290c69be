/** HTML by tagged templates: every value is escaped, unless it is HTML by this tag already. */
class Html {
  constructor(text) {
    this.text = text;
  }
  toString() {
    return this.text;
  }
}

/** For markup that somebody else has made and escaped. */
export const raw = (text) => new Html(text);

export function html(strings, ...values) {
  return new Html(strings.reduce((text, string, i) => text + render(values[i - 1]) + string));
}

const ENTITIES = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };

function render(value) {
  if (value instanceof Html) return value.text;
  if (Array.isArray(value)) return value.map(render).join('');
  if (value === undefined || value === null || value === false) return '';
  return String(value).replace(/[&<>"']/g, (char) => ENTITIES[char]);
}

/**
 * What goes with every page. A form's answer may be a way through the app's two addresses, which browsers count as part
 * of the form's way.
 */
export function pageHeaders({ apiUrl, publicUrl }) {
  return {
    'Content-Security-Policy': [
      "default-src 'none'",
      "style-src 'self'",
      'img-src data:',
      `form-action 'self' ${new URL(apiUrl).origin} ${new URL(publicUrl).origin}`,
      "base-uri 'none'",
      "frame-ancestors 'none'",
    ].join('; '),
    'Referrer-Policy': 'same-origin',
  };
}

export function document({ title, company, wide, styles = ['/style.css'], body }) {
  return html`<!doctype html>
    <html lang="en" ${company ? html`data-company="${company.slug}"` : ''}>
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <title>${title}</title>
        ${styles.map((href) => html`<link rel="stylesheet" href="${href}" />`)}
        <link rel="icon" href="data:," />
      </head>
      <body>
        <main class="${wide ? 'page' : 'card'}">${body}</main>
      </body>
    </html>`.toString();
}

/** A page that is one small card of a company's. */
export function companyCard(company, heading, body) {
  return document({
    title: `${heading} · ${company.name}`,
    company,
    body: html`
      <header class="company">
        <span class="mark" aria-hidden="true">${initials(company.name)}</span>
        <p>
          <strong>${company.name}</strong>
          <span class="muted">Demo identity provider of ${company.name}</span>
        </p>
      </header>
      <h1>${heading}</h1>
      ${body}
    `,
  });
}

export const initials = (name) =>
  name
    .split(/\s+/)
    .map((word) => word[0])
    .join('');
