/**
 * Joins the session to the things that must follow it: the query cache, the address, and the other tabs.
 */
import type { QueryClient } from '@tanstack/react-query';
import { leaveFor } from '../api/leave';
import { holdLive } from '../api/live';
import { askAgain } from '../api/person';
import { cookieSettled } from '../api/renewal';
import { safeReturnPath } from '../api/return-path';
import { session } from '../api/session';
import type { AppRouter } from './router';

/**
 * The words themselves say nothing about anybody: whoever hears one asks the API. A tab that is out has nothing to ask
 * about an end, and is called back by a change: somebody signed in.
 */
const CHANNEL = 'curfew-session';
const CHANGED = 'changed';
const ENDED = 'ended';
const PROLONGED = 'prolonged';

export function wire(router: AppRouter, queryClient: QueryClient): () => void {
  const otherTabs = new BroadcastChannel(CHANNEL);
  const ask = oneAtATime(async () => {
    await cookieSettled();
    await askAgain(queryClient, 'background');
  });

  let dropLive: (() => void) | undefined;
  const drop = () => {
    dropLive?.();
    dropLive = undefined;
  };
  const onEnded = async () => {
    otherTabs.postMessage(ENDED);
    if (session.hear()) await ask();
  };

  const unsubscribe = session.subscribe((event) => {
    if (event.kind === 'noted') return;
    if (event.kind === 'prolonged') {
      otherTabs.postMessage(PROLONGED);
      return;
    }
    if (event.kind === 'recognised') {
      dropLive ??= holdLive(onEnded);
      return;
    }
    drop();
    // Before anything else: what was read for one sign-in is never shown to the next.
    queryClient.clear();
    if (event.kind === 'began') otherTabs.postMessage(CHANGED);
    if (event.kind === 'left' || (event.kind === 'refused' && event.tellOthers)) otherTabs.postMessage(ENDED);
    if (event.kind === 'refused') goToSignIn(router);
    if (event.kind === 'left') void showSignedOut(router, event.continueAt);
  });

  otherTabs.onmessage = ({ data }: MessageEvent<unknown>) => {
    if (data === CHANGED && session.snapshot().ended) session.doubt();
    else if ((data === CHANGED || data === ENDED) && session.hear()) void ask();
    else if (data === PROLONGED && session.person !== null) void ask();
  };

  // Whatever keeps a connection open keeps the page from being kept whole for "back".
  const onPageHide = drop;
  // And a page that was kept was not listening meanwhile.
  const onPageShow = ({ persisted }: PageTransitionEvent) => {
    if (persisted) session.doubt();
  };
  window.addEventListener('pagehide', onPageHide);
  window.addEventListener('pageshow', onPageShow);

  return () => {
    unsubscribe();
    drop();
    otherTabs.close();
    window.removeEventListener('pagehide', onPageHide);
    window.removeEventListener('pageshow', onPageShow);
  };
}

/** Who asks while it is asked waits for another answer: this one may be older than what they heard. */
function oneAtATime(step: () => Promise<void>): () => Promise<void> {
  let running: Promise<void> | undefined;
  let next: Promise<void> | undefined;
  const run = () => {
    running = step()
      // The next call tells the same, with a sentence for the person.
      .catch(() => undefined)
      .finally(() => {
        running = undefined;
      });
    return running;
  };
  return () => {
    if (!running) return run();
    next ??= running.then(() => {
      next = undefined;
      return run();
    });
    return next;
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
