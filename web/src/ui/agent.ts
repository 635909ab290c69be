/** What people call a browser that calls itself "Mozilla/5.0 (Windows NT 10.0; …) … Chrome/…". */
import Bowser from 'bowser';

export const UNKNOWN = 'Unknown browser';

// Anything before a slash would pass for a name, and who sends it may write there what they like.
const names = new Set(Object.values(Bowser.BROWSER_MAP));

export function deviceOf(agent: string | null | undefined): string {
  if (!agent) return UNKNOWN;
  const { browser, os, platform } = Bowser.parse(agent);
  if (browser.name === undefined || !names.has(browser.name)) return UNKNOWN;
  // Where the maker's name for the thing says more than its system's.
  const place = platform.vendor === 'Apple' ? (platform.model ?? os.name) : os.name;
  const name = browser.name.replace(/ for Android$/, '');
  return place ? `${name} on ${place}` : name;
}

/** "Chrome on Windows (2), Safari on iPhone": each once, and not more of them than one reads. */
export function devicesOf(agents: readonly (string | null | undefined)[], most = 5): string {
  const counts = new Map<string, number>();
  for (const device of agents.map(deviceOf)) counts.set(device, (counts.get(device) ?? 0) + 1);
  const all = [...counts].map(([device, count]) => (count === 1 ? device : `${device} (${String(count)})`));
  // Nothing is won by leaving out a single one.
  if (all.length <= most + 1) return all.join(', ');
  return `${all.slice(0, most).join(', ')} and ${String(all.length - most)} other kinds of browser`;
}
