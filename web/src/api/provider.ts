/**
 * The way through a company's own provider. The browser leaves this page for it, so what happens there and what
 * can go wrong is shown by other pages; the way back leads by `/signed-in`, so that the other tabs hear of it.
 */
interface Wanted {
  /** How recently, in seconds, the person must have proved who they are. */
  maxAge: number;
  /** What to go on with when they are back: see `parked.ts`. */
  ticket: string | undefined;
}

const TICKET = 'ticket';

export function providerAddress(company: string, email: string, next: string, wanted?: Wanted): string {
  const back = new URLSearchParams({ next });
  if (wanted?.ticket !== undefined) back.set(TICKET, wanted.ticket);
  const query = new URLSearchParams({ login_hint: email, next: `/signed-in?${back.toString()}` });
  if (wanted) query.set('max_age', String(wanted.maxAge));
  return `/openid/start/${encodeURIComponent(company)}?${query.toString()}`;
}

/** The ticket with which the browser has come back, if this address is that of the way back. */
export function ticketIn({ pathname, search }: { pathname: string; search: string }): string | undefined {
  return pathname === '/signed-in' ? (new URLSearchParams(search).get(TICKET) ?? undefined) : undefined;
}
