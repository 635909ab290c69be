import { expect, test } from 'vitest';
import { whySignedOut, type SignedOut } from './signed-out';

type Cause = NonNullable<SignedOut['ended']>['cause'];

const NOW = new Date(2026, 10, 20, 16, 0);

function why(cause: Cause, at = new Date(2026, 10, 20, 14, 2, 11), orgName: string | null = 'White Rabbit') {
  const ended = { at: at.toISOString(), cause };
  return whySignedOut({ signedIn: false, ended, provider: 'none', orgName }, NOW);
}

test.each<[Cause, string]>([
  ['signed_out', 'You signed out at 14:02.'],
  ['demanded', 'Your company signed you out at 14:02.'],
  ['signed_out_everywhere', 'You signed out everywhere at 14:02.'],
  [
    'provider_signed_out',
    'Your session at the sign-in service of White Rabbit was ended at 14:02, and with it the one here.',
  ],
  [
    'provider_required',
    'Your company now signs its people in at its own sign-in service, which ended your session here at 14:02.',
  ],
  ['password_changed', 'Your password was changed at 14:02, which ended your other sign-ins.'],
  ['replaced', 'Somebody signed in again in this browser at 14:02, which ended the session before.'],
  ['moved', 'Your account was moved to White Rabbit at 14:02, which ended your sign-ins.'],
  ['idle', 'You were signed out at 14:02, because you had not used Curfew here for a while.'],
  ['expired', 'You were signed out at 14:02, because a sign-in lasts only so long.'],
  ['policy_changed', 'Your company shortened how long a sign-in lasts at 14:02, which ended the one here.'],
  ['deactivated', 'Your company closed your account at 14:02, which signed you out everywhere.'],
])('%s is one sentence', (cause, sentence) => {
  expect(why(cause)).toBe(sentence);
});

test.each<[Cause, RegExp]>([
  ['provider_signed_out', /^Your session at your company’s sign-in service was ended/],
  ['moved', /^Your account was moved to your company at/],
])('%s is one without the company’s name, too', (cause, sentence) => {
  expect(why(cause, undefined, null)).toMatch(sentence);
});

test.each([
  ['a minute after midnight', new Date(2026, 10, 20, 0, 1), 'at 00:01.'],
  ['yesterday', new Date(2026, 10, 19, 23, 59), 'on 19 November at 23:59.'],
  ['the same day of another month', new Date(2026, 9, 20, 9, 5), 'on 20 October at 09:05.'],
  ['the same day of another year', new Date(2025, 10, 20, 9, 5), 'on 20 November at 09:05.'],
])('the time is local, and has its date when it is not today: %s', (_, at, when) => {
  expect(why('signed_out', at)).toBe(`You signed out ${when}`);
});

test('where nothing has ended there is nothing to say', () => {
  expect(
    whySignedOut({ signedIn: false, ended: null, provider: 'none', orgName: null }, NOW),
  ).toBeUndefined();
});
