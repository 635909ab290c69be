/**
 * The way through a company's own provider. The browser leaves this page for it, so what happens there and what
 * can go wrong is shown by other pages; the way back leads by `/signed-in`, so that the other tabs hear of it.
 */
export function providerAddress(company: string, email: string, next: string): string {
  const back = `/signed-in?${new URLSearchParams({ next }).toString()}`;
  const query = new URLSearchParams({ login_hint: email, next: back });
  return `/openid/start/${encodeURIComponent(company)}?${query.toString()}`;
}
