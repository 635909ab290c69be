/** When a session ends by itself, and from when on to say so. All in milliseconds of the server's time. */
import type { Person } from '../../api/person';

const SECOND = 1000;
const MINUTE = 60 * SECOND;

const IDLE_NOTICE = 2 * MINUTE;
const ABSOLUTE_NOTICE = 5 * MINUTE;

export interface Ends {
  /** Unless it is used; null where that makes no difference, as it ends then anyway. */
  idleAt: number | null;
  warnAt: number;
  /** However much it is used. */
  absoluteAt: number;
  noteAt: number;
  /** So long it may go unused before an active person's tab sees to it. */
  restMs: number;
}

export function endsOf({ expiresAt, idleExpiresAt, idleTimeoutSeconds }: Person['session']): Ends {
  const idleMs = idleTimeoutSeconds * SECOND;
  const idleAt = Date.parse(idleExpiresAt);
  const absoluteAt = Date.parse(expiresAt);
  return {
    idleAt: idleAt < absoluteAt ? idleAt : null,
    warnAt: idleAt - Math.min(IDLE_NOTICE, idleMs / 4),
    absoluteAt,
    noteAt: absoluteAt - ABSOLUTE_NOTICE,
    // At most half of it, where it is so short that a minute would come too late.
    restMs: Math.min(Math.max(idleMs / 4, MINUTE), idleMs / 2),
  };
}

/** "1:45". */
export function countdown(ms: number): string {
  const seconds = Math.max(0, Math.ceil(ms / SECOND));
  return `${String(Math.floor(seconds / 60))}:${String(seconds % 60).padStart(2, '0')}`;
}

const SPOKEN: [number, string][] = [
  [10 * SECOND, '10 seconds'],
  [30 * SECOND, '30 seconds'],
  [MINUTE, 'a minute'],
  [IDLE_NOTICE, '2 minutes'],
];

/** Changes a few times only: it is read out each time. */
export function spoken(ms: number): string {
  return SPOKEN.find(([limit]) => ms <= limit)?.[1] ?? '2 minutes';
}
