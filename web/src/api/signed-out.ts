/** What is known of the sessions of this browser once nobody is signed in, and the sentences a person reads for it. */
import { api, dataOf } from './client';
import type { paths } from './schema';

export type SignedOut = paths['/api/signed-out']['get']['responses'][200]['content']['application/json'];

/** `state` is what a provider brought back with the browser. */
export function askSignedOut(state?: string, signal?: AbortSignal): Promise<SignedOut> {
  return dataOf(api.GET('/api/signed-out', { params: { query: { state } }, signal }));
}

/** Undefined when nothing has ended here, as far as the API knows. */
export function whySignedOut({ ended, orgName }: SignedOut, now = new Date()): string | undefined {
  if (!ended) return undefined;
  const when = momentOf(new Date(ended.at), now);
  switch (ended.cause) {
    case 'signed_out':
      return `You signed out ${when}.`;
    case 'signed_out_everywhere':
      return `You signed out everywhere ${when}.`;
    case 'demanded':
      return `Your company signed you out ${when}.`;
    case 'provider_signed_out':
      return `Your session at ${signInService(orgName)} was ended ${when}, and with it the one here.`;
    case 'provider_required':
      return `Your company now signs its people in at its own sign-in service, which ended your session here ${when}.`;
    case 'password_changed':
      return `Your password was changed ${when}, which ended your other sign-ins.`;
    case 'replaced':
      return `Somebody signed in again in this browser ${when}, which ended the session before.`;
    case 'moved':
      return `Your account was moved to ${orgName ?? 'your company'} ${when}, which ended your sign-ins.`;
    case 'idle':
      return `You were signed out ${when}, because you had not used Curfew here for a while.`;
    case 'expired':
      return `You were signed out ${when}, because a sign-in lasts only so long.`;
    case 'policy_changed':
      return `Your company shortened how long a sign-in lasts ${when}, which ended the one here.`;
    case 'deactivated':
      return `Your company closed your account ${when}, which signed you out everywhere.`;
  }
}

/** What a person can do about it. */
export function whatNext(cause?: NonNullable<SignedOut['ended']>['cause']): string {
  return cause === 'deactivated'
    ? 'If that is a mistake, ask your administrator.'
    : 'Sign in again to go on.';
}

export function signInService(orgName: string | null | undefined): string {
  return orgName ? `the sign-in service of ${orgName}` : 'your company’s sign-in service';
}

// In the language of the pages, whatever the browser's.
const timeOfDay = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit' });
const dayOfYear = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'long' });

/** "at 14:02", or "on 19 November at 23:59" where it is not today. */
export function momentOf(at: Date, now: Date): string {
  const time = `at ${timeOfDay.format(at)}`;
  return at.toDateString() === now.toDateString() ? time : `on ${dayOfYear.format(at)} ${time}`;
}
