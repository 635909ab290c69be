/**
 * Joins the session to the things that must follow it: the query cache, the address, and the other tabs.
 */
import type { QueryClient } from '@tanstack/react-query';
import { leaveFor } from '../api/leave';
import { safeReturnPath } from '../api/return-path';
import { session } from '../api/session';
import type { AppRouter } from './router';

/** The word itself says nothing about anybody: whoever hears it asks the API. */
const CHANNEL = 'curfew-session';
const CHANGED = 'changed';

export function wire(router: AppRouter, queryClient: QueryClient): () => void {
  const otherTabs = new BroadcastChannel(CHANNEL);

  const unsubscribe = session.subscribe((event) => {
    if (event.kind === 'noted') return;
    // Before anything else: what was read for one sign-in is never shown to the next.
    queryClient.clear();
    if (event.kind === 'began' || event.kind === 'left' || (event.kind === 'refused' && event.tellOthers)) {
      otherTabs.postMessage(CHANGED);
    }
    if (event.kind === 'refused') goToSignIn(router);
    if (event.kind === 'left') void showSignedOut(router, event.continueAt);
  });

  otherTabs.onmessage = ({ data }: MessageEvent<unknown>) => {
    if (data === CHANGED) session.doubt();
  };

  // A page that the browser kept whole for "back" was not listening meanwhile.
  const onPageShow = ({ persisted }: PageTransitionEvent) => {
    if (persisted) session.doubt();
  };
  window.addEventListener('pageshow', onPageShow);

  return () => {
    unsubscribe();
    otherTabs.close();
    window.removeEventListener('pageshow', onPageShow);
  };
}

/** Also before going on, so that "back" from the provider, or a provider that is not there, leads to what is known. */
async function showSignedOut(router: AppRouter, continueAt: string | null): Promise<void> {
  await router.navigate({ to: '/signed-out', replace: true });
  if (continueAt !== null) leaveFor(continueAt);
}

function goToSignIn(router: AppRouter): void {
  const { pathname, search } = router.history.location;
  // Already there, with the way back in the address.
  if (pathname === '/signin') return;
  const next = safeReturnPath(pathname + search);
  // Replaces the page that was lost: "back" from sign-in would only be refused again.
  void router.navigate({ to: '/signin', search: next === '/' ? {} : { next }, replace: true });
}
