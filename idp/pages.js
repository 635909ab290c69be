/** The pages that oidc-provider shows by itself: leaving, having left, and what went wrong. */
import { companyCard, html, pageHeaders, raw } from './html.js';

function show(ctx, settings, page) {
  ctx.type = 'html';
  ctx.set(pageHeaders(settings));
  ctx.body = page;
}

const backToApp = (publicUrl) => html`<p><a href="${publicUrl}">Back to Curfew</a></p>`;

/** `form` is oidc-provider's: it has what proves that the answer comes from this page. */
export function confirmSignOut(ctx, company, form, settings) {
  const person = company.people.find(ctx.oidc.session.accountId);
  const page = companyCard(
    company,
    `Sign out of ${company.name}?`,
    html`
      <p>
        ${company.name} still knows you in this
        browser${person && html`, as <strong>${person.name}</strong>`}. Sign out here, too, if others use it.
      </p>
      ${raw(form)}
      <div class="buttons">
        <button class="primary" type="submit" form="op.logoutForm" name="logout" value="yes" autofocus>
          Sign out
        </button>
        <button type="submit" form="op.logoutForm">Stay signed in</button>
      </div>
    `,
  );
  show(ctx, settings, page);
}

export function signedOut(ctx, company, settings) {
  show(
    ctx,
    settings,
    companyCard(
      company,
      'You are signed out',
      html`<p>${company.name} no longer knows you in this browser.</p>
        ${backToApp(settings.publicUrl)}`,
    ),
  );
}

export function showProviderError(ctx, company, out, settings) {
  const details = [
    ['Error', out.error],
    ['Description', out.error_description],
  ].filter(([, value]) => value);
  show(ctx, settings, errorCard(company, explain(out.error), details, settings));
}

/** A failure in words for the person, and in the protocol's words for whoever has to mend it. */
export function errorCard(company, sentence, details, { publicUrl }) {
  return companyCard(
    company,
    'This did not work',
    html`
      <p>${sentence}</p>
      ${
        details.length > 0 &&
        html`<dl>
          ${details.map(
            ([term, value]) =>
              html`<div>
                <dt>${term}</dt>
                <dd><code>${value}</code></dd>
              </div>`,
          )}
        </dl>`
      }
      ${backToApp(publicUrl)}
    `,
  );
}

function explain(error) {
  switch (error) {
    case 'invalid_client':
      return 'An app that is not known here has sent you.';
    case 'invalid_redirect_uri':
      return 'The app wants you sent back to an address that it has not registered here. You were not sent there.';
    case 'server_error':
      return 'Something broke here. The log of this provider says what.';
    default:
      return 'The app has sent you here with a request that cannot be answered, or one that is over. Start again from the app.';
  }
}
