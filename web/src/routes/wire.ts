/**
 * Joins the session to the things that must follow it: the query cache, the address, and the other tabs.
 */
import type { QueryClient } from '@tanstack/react-query';
import { leaveFor } from '../api/leave';
import { holdLive } from '../api/live';
import { dropParked, goOnWith } from '../api/parked';
import { askAgain } from '../api/person';
import { ticketIn } from '../api/provider';
import { cookieSettled, noteRenewal } from '../api/renewal';
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
/** It ended by the person's own wish: what they had typed goes too, in all tabs. */
const LEFT = 'left';
const PROLONGED = 'prolonged';

export function wire(router: AppRouter, queryClient: QueryClient): () => void {
  const otherTabs = new BroadcastChannel(CHANNEL);
  const ask = oneAtATime(async () => {
    const { epoch } = session.snapshot();
    await cookieSettled();
    // Whoever has left meanwhile has nothing to ask: the answer would be taken for a forced sign-out.
    if (session.snapshot().epoch === epoch) await askAgain(queryClient, 'background');
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

  // Only for whom it brings back first: whoever is refused before has to ask anew.
  let ticket = ticketIn(router.history.location);
  const goOn = async (person: string) => {
    const good = ticket;
    ticket = undefined;
    if (good === undefined) {
      dropParked(person);
      return;
    }
    await goOnWith(person, good);
    await queryClient.invalidateQueries();
  };

  /** What was read for one sign-in is never shown to the next. */
  const forget = () => {
    drop();
    queryClient.clear();
  };

  const unsubscribe = session.subscribe((event) => {
    switch (event.kind) {
      case 'began':
        forget();
        otherTabs.postMessage(CHANGED);
        break;
      case 'refused':
        forget();
        ticket = undefined;
        if (event.tellOthers) otherTabs.postMessage(ENDED);
        goToSignIn(router);
        break;
      case 'left':
        forget();
        otherTabs.postMessage(event.person === null ? ENDED : LEFT);
        void showSignedOut(router, event.continueAt);
        break;
      case 'doubted':
        forget();
        break;
      case 'recognised':
        dropLive ??= holdLive(onEnded);
        void goOn(event.person);
        break;
      case 'renewed':
        otherTabs.postMessage(CHANGED);
        void ask();
        break;
      case 'prolonged':
        otherTabs.postMessage(PROLONGED);
        break;
      case 'noted':
      case 'left-elsewhere':
        break;
    }
  });

  otherTabs.onmessage = ({ data }: MessageEvent<unknown>) => {
    if (data === CHANGED) noteRenewal();
    if (data === LEFT) session.hearLeft();
    if (data === CHANGED && session.snapshot().ended) session.doubt();
    else if ((data === CHANGED || data === ENDED || data === LEFT) && session.hear()) void ask();
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
