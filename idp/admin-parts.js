/** What the parts of the administration page have in common. */
import { html } from './html.js';

export const fact = (term, value) =>
  html`<div>
    <dt>${term}</dt>
    <dd><code>${value}</code></dd>
  </div>`;

/** A button that is a form of its own; `whose` is for those who do not see beside whom it stands. */
export const button = (action, label, whose) =>
  html`<form method="post" action="${action}">
    <button class="quiet" type="submit" aria-label="${label} ${whose}">${label}</button>
  </form>`;

export const moment = (date) =>
  html`<time datetime="${date.toISOString()}">
    ${date.toLocaleString('en-GB', { dateStyle: 'medium', timeStyle: 'long' })}
  </time>`;
