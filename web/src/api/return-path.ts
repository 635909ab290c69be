/**
 * Where to go after signing in. It travels in the address (`/signin?next=…`), so anybody can write one into a
 * link: only a path of this very origin is let through, whatever a browser's URL parser would make of it.
 */
const ELSEWHERE = /^\/(signin|signed-out)(\/|$)/;
const FALLBACK = '/';
const LONGEST = 2000;

export function safeReturnPath(wanted: unknown, origin: string = window.location.origin): string {
  if (typeof wanted !== 'string' || wanted.length > LONGEST) return FALLBACK;
  // Parsers drop tabs and line breaks and read "\" as "/", so "/\t/host" and "/\host" would leave the origin.
  if (!wanted.startsWith('/') || wanted.startsWith('//') || /[\\\u0000-\u001f\u007f]/.test(wanted))
    return FALLBACK;
  let url: URL;
  try {
    url = new URL(wanted, origin);
  } catch {
    return FALLBACK;
  }
  // "/.//host" has become "//host" by now.
  if (url.origin !== origin || url.pathname.startsWith('//')) return FALLBACK;
  if (ELSEWHERE.test(url.pathname)) return FALLBACK;
  return url.pathname + url.search;
}
