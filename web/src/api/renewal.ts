/**
 * Some calls give this browser another cookie in place of its own, by which the old one ends. Whoever asks in that
 * moment, in whatever tab, still asks with the old one, and would take its end for the person's. So: what was refused
 * meanwhile is asked once more afterwards (`client.ts`), and the tabs that hear of an end ask when the new cookie is there.
 */
const LOCK = 'curfew-cookie';
/** So long a call that hangs, in some other tab, may keep a refusal back. */
const PATIENCE_MS = 10_000;

const otherTabs = new BroadcastChannel(LOCK);
otherTabs.onmessage = noteRenewal;

let count = 0;
let underWay: Promise<unknown> | null = null;

/** Sends a call that may bring a new cookie. */
export function renewing(send: () => Promise<Response>): Promise<Response> {
  const sent = holding('exclusive', async () => {
    const response = await send();
    if (response.ok) {
      noteRenewal();
      // Before the lock is let go: whoever waited for that has heard of it.
      otherTabs.postMessage(null);
    }
    return response;
  });
  const settled = sent
    .catch(() => undefined)
    .then(() => {
      if (underWay === settled) underWay = null;
    });
  underWay = settled;
  return sent;
}

/** There is a new cookie, whichever tab or way it came by. */
export function noteRenewal(): void {
  count += 1;
}

/** How many there have been, as far as this tab knows: to be told to `hasRenewed` later. */
export const renewals = () => count;

/** Whether a call that was begun at `since` may have carried the cookie of before. */
export async function hasRenewed(since: number): Promise<boolean> {
  // Where there are no locks, of this tab at least.
  await underWay;
  await cookieSettled();
  return count !== since;
}

/** Waits for what is under way in any tab of this browser, if it is to come to something. */
export async function cookieSettled(): Promise<void> {
  await holding('shared', () => Promise.resolve(), AbortSignal.timeout(PATIENCE_MS)).catch(() => undefined);
}

async function holding<T>(mode: LockMode, work: () => Promise<T>, signal?: AbortSignal): Promise<T> {
  if (!('locks' in navigator)) return work();
  return navigator.locks.request(LOCK, { mode, ...(signal && { signal }) }, work);
}
