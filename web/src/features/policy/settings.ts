/** What can be set, in plain words, with the API's bounds said before a round trip. The API has the last word. */
import type { paths } from '../../api/schema';
import { durationOf, secondsOf, typedOf, type TypedDuration, type Unit } from '../../ui/DurationField';

export type Policy = paths['/api/org/policy']['get']['responses'][200]['content']['application/json'];

interface Setting {
  name: 'idleTimeoutSeconds' | 'absoluteLifetimeSeconds' | 'privilegedAuthAgeSeconds';
  label: string;
  units: readonly Unit[];
  least: number;
  most: number;
  more?: string;
}
export type Name = Setting['name'];

const DAY = 86_400;

export const settings: readonly Setting[] = [
  {
    name: 'idleTimeoutSeconds',
    label: 'Sign people out when they have not used Curfew for',
    units: ['minutes', 'hours'],
    least: 60,
    most: DAY,
  },
  {
    name: 'absoluteLifetimeSeconds',
    label: 'Sign people out, however active they are, after',
    units: ['minutes', 'hours', 'days'],
    least: 300,
    most: 30 * DAY,
    more: 'A shorter time also holds for those who are signed in now, a longer one only for later sign-ins.',
  },
  {
    name: 'privilegedAuthAgeSeconds',
    label:
      'Ask people to confirm who they are before changing settings or signing others out, unless they did so within the last',
    units: ['minutes', 'hours'],
    least: 60,
    most: DAY,
  },
];

export const ENDS_PROVIDER_SESSION =
  'Signing out of Curfew also ends the session at the company’s sign-in service';

export function hintOf({ units, least, most, more }: Setting): string {
  const bounds = `Between ${durationOf(least, units)} and ${durationOf(most, units)}.`;
  return more ? `${bounds} ${more}` : bounds;
}

export function wordsOf({ name, units }: Setting, policy: Policy): string {
  return durationOf(policy[name], units);
}

export type Draft = Record<Name, TypedDuration> & { endsProviderSession: boolean };

export function draftOf(policy: Policy): Draft {
  const durations = settings.map(({ name, units }) => [name, typedOf(policy[name], units)] as const);
  return {
    ...(Object.fromEntries(durations) as Record<Name, TypedDuration>),
    endsProviderSession: policy.endsProviderSession,
  };
}

export type Complaints = Partial<Record<Name, string>>;

/** The policy that was typed, or what is wrong with it. */
export function policyOf(draft: Draft): Policy | Complaints {
  const complaints: Complaints = {};
  const seconds = {} as Record<Name, number>;
  for (const { name, units, least, most } of settings) {
    const typed = secondsOf(draft[name]);
    if (typed === undefined) complaints[name] = 'Enter a number, please.';
    else if (typed < least) complaints[name] = `At least ${durationOf(least, units)}, please.`;
    else if (typed > most) complaints[name] = `At most ${durationOf(most, units)}, please.`;
    else seconds[name] = typed;
  }
  if (Object.keys(complaints).length > 0) return complaints;
  if (seconds.idleTimeoutSeconds > seconds.absoluteLifetimeSeconds) {
    return { idleTimeoutSeconds: 'This can’t be longer than people stay signed in at all.' };
  }
  return { ...seconds, endsProviderSession: draft.endsProviderSession };
}

export function isPolicy(result: Policy | Complaints): result is Policy {
  return 'endsProviderSession' in result;
}

export function isSame(one: Policy, other: Policy): boolean {
  return (
    settings.every(({ name }) => one[name] === other[name]) &&
    one.endsProviderSession === other.endsProviderSession
  );
}

/** Why a new policy ends sessions at once. */
export function reasonOf(before: Policy, after: Policy): string {
  const [idle, absolute] = settings as [Setting, Setting];
  const reasons = [
    after.absoluteLifetimeSeconds < before.absoluteLifetimeSeconds &&
      `are older than ${wordsOf(absolute, after)}`,
    after.idleTimeoutSeconds < before.idleTimeoutSeconds && `have not been used for ${wordsOf(idle, after)}`,
  ].filter(Boolean);
  return reasons.length === 0 ? 'are over these limits' : reasons.join(' or ');
}
