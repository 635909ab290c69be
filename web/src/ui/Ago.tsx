/** "5 minutes ago", with the very moment for whatever reads the page. */
export function Ago({ at, now }: { at: string; now: Date }) {
  return <time dateTime={at}>{agoOf(new Date(at), now)}</time>;
}

const format = new Intl.RelativeTimeFormat('en-GB');
const MINUTE = 60;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

function agoOf(at: Date, now: Date): string {
  // A clock that is a little behind the server's is no news from the future.
  const seconds = Math.max(0, (now.getTime() - at.getTime()) / 1000);
  if (seconds < MINUTE) return 'just now';
  if (seconds < HOUR) return format.format(-Math.floor(seconds / MINUTE), 'minute');
  if (seconds < DAY) return format.format(-Math.floor(seconds / HOUR), 'hour');
  return format.format(-Math.floor(seconds / DAY), 'day');
}
