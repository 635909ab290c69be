/** The page where a person says who they are: email and password. */
import { companyCard, html, pageHeaders } from './html.js';
import { allowMethods, readForm, redirect, refuseOtherSites, send } from './http.js';
import { errorCard } from './pages.js';

export async function signIn(tenant, req, res, settings) {
  allowMethods(req, 'GET', 'POST');
  const show = (status, page) => send(res, status, 'text/html; charset=utf-8', page, pageHeaders(settings));

  const interaction = await find(tenant, req, res);
  if (!interaction) {
    const sentence =
      'This sign-in is over: it was finished elsewhere, or took too long. Start again from the app.';
    show(400, errorCard(tenant, sentence, [], settings));
    return;
  }
  const known = tenant.people.find(interaction.session?.accountId);
  if (req.method === 'GET') {
    show(200, form(tenant, { known, email: interaction.params.login_hint ?? known?.email ?? '' }));
    return;
  }

  refuseOtherSites(req, settings.origin);
  const { email = '', password = '', cancel } = await readForm(req);
  if (cancel) {
    const result = { error: 'access_denied', error_description: 'The person did not want to sign in.' };
    redirect(res, await tenant.provider.interactionResult(req, res, result));
    return;
  }
  const person = tenant.people.findByEmail(email.trim());
  if (person?.password !== password) {
    show(422, form(tenant, { known, email, wrong: true }));
    return;
  }
  const result = { login: { accountId: person.sub } };
  redirect(
    res,
    await tenant.provider.interactionResult(req, res, result, { mergeWithLastSubmission: false }),
  );
}

async function find({ provider }, req, res) {
  try {
    return await provider.interactionDetails(req, res);
  } catch (error) {
    if (error.name === 'SessionNotFound') return undefined;
    throw error;
  }
}

/** `known` is whom the provider knows in this browser already: it asks once more because the app wants it to. */
function form(tenant, { known, email, wrong }) {
  const heading = known ? 'Sign in again' : 'Sign in';
  return companyCard(
    tenant,
    heading,
    html`
      ${known && !wrong && html`<p class="notice">${tenant.name} asks you to confirm it is you.</p>`}
      ${!known && html`<p>With your ${tenant.name} account, to go on to Curfew.</p>`}
      ${
        wrong &&
        html`<p class="failure" id="wrong" role="alert">
          This email and this password do not belong together. Please try again.
        </p>`
      }
      <form class="fields" method="post">
        <div class="field">
          <label for="email">Email</label>
          <input
            id="email"
            name="email"
            type="email"
            value="${email}"
            autocomplete="username"
            autocapitalize="none"
            spellcheck="false"
            required
            ${email === '' && 'autofocus'}
          />
        </div>
        <div class="field">
          <label for="password">Password</label>
          <input
            id="password"
            name="password"
            type="password"
            autocomplete="current-password"
            required
            ${email !== '' && 'autofocus'}
            ${wrong && html`aria-invalid="true" aria-describedby="wrong"`}
          />
        </div>
        <div class="buttons">
          <button class="primary" type="submit">Sign in</button>
          <button type="submit" name="cancel" value="yes" formnovalidate>Cancel</button>
        </div>
      </form>
      <footer class="muted">
        The people of this demo are invented, and
        <a href="/admin#${tenant.slug}">their passwords are no secret</a>.
      </footer>
    `,
  );
}
