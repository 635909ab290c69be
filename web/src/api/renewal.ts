/**
 * Some calls give this browser another cookie in place of its own, by which the old one ends. Whoever asks in that
 * moment still asks with the old one, and would take its end for the person's. So: what was refused meanwhile is asked
 * once more afterwards (`client.ts`), and the tabs that hear of an end ask when the new cookie is there.
 */
const LOCK = 'curfew-cookie';

let count = 0;
let underWay: Promise<unknown> | null = null;

/** Sends a call that may bring a new cookie. */
export function renewing(send: () => Promise<Response>): Promise<Response> {
  const sent = holding('exclusive', async () => {
    const response = await send();
    if (response.ok) count += 1;
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

/** How many there have been in this tab: to be told to `hasRenewed` later. */
export const renewals = () => count;

/** Whether a call that was begun at `since` may have carried the cookie of before. No promise where none is needed. */
export function hasRenewed(since: number): boolean | Promise<boolean> {
  return underWay ? underWay.then(() => count !== since) : count !== since;
}

/** Waits for what is under way in any tab of this browser. */
export async function cookieSettled(): Promise<void> {
  await holding('shared', () => Promise.resolve());
}

async function holding<T>(mode: LockMode, work: () => Promise<T>): Promise<T> {
  if (!('locks' in navigator)) return work();
  return navigator.locks.request(LOCK, { mode }, work);
}
