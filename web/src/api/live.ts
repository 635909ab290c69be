/**
 * How a tab hears at once that its sign-in has ended, without anybody touching it. One tab of the browser holds the
 * stream, by a lock that passes on when that tab goes, and tells the others. What it hears is no proof: whoever hears
 * it asks the API. Where a browser lacks what this takes, the tab leaves at its next call, which is the guarantee anyway.
 */
import { createParser } from 'eventsource-parser';
import { api, dataOf } from './client';
import { ApiError } from './problem';

const LOCK = 'curfew-live';
/** Something comes at least every 15 seconds. */
const SILENCE_MS = 45_000;
/** A stream that lasted so long was a good one. */
const STEADY_MS = 10_000;
const LONGEST_PAUSE_MS = 30_000;
const CROWDED_PAUSE_MS = 60_000;

/** Until the returned function is called. `onEnded` asks what is left, and the stream begins anew after that. */
export function holdLive(onEnded: () => Promise<void>): () => void {
  const stop = new AbortController();
  if ('locks' in navigator && 'body' in Response.prototype) {
    navigator.locks
      .request(LOCK, { signal: stop.signal }, () => listen(onEnded, stop.signal))
      .catch(() => undefined);
  }
  return () => {
    stop.abort();
  };
}

async function listen(onEnded: () => Promise<void>, stopped: AbortSignal): Promise<void> {
  const hasStopped = () => stopped.aborted;
  let failures = 0;
  while (!hasStopped()) {
    const began = Date.now();
    const end = await readToEnd(stopped);
    if (end === 'ended' && !hasStopped()) await onEnded();
    if (hasStopped()) return;
    failures = Date.now() - began < STEADY_MS ? failures + 1 : 1;
    if (end === 'crowded') await pause(CROWDED_PAUSE_MS * (1 + Math.random() / 4), stopped, false);
    else await pause(backoff(failures), stopped, true);
  }
}

/** Half a second to one and a half, and twice as long each time. Never all browsers at the same moment. */
function backoff(failures: number): number {
  return Math.min(1000 * 2 ** (failures - 1), LONGEST_PAUSE_MS) * (0.5 + Math.random());
}

/** Until `stopped`, or where it may be cut short until there is a network again, or somebody who looks. */
function pause(ms: number, stopped: AbortSignal, mayBeCutShort: boolean): Promise<void> {
  return new Promise((resolve) => {
    const onVisible = () => {
      if (!document.hidden) finish();
    };
    const finish = () => {
      clearTimeout(timer);
      stopped.removeEventListener('abort', finish);
      window.removeEventListener('online', finish);
      document.removeEventListener('visibilitychange', onVisible);
      resolve();
    };
    const timer = setTimeout(finish, ms);
    stopped.addEventListener('abort', finish);
    if (!mayBeCutShort) return;
    window.addEventListener('online', finish);
    document.addEventListener('visibilitychange', onVisible);
  });
}

type End = 'ended' | 'broken' | 'crowded';

async function readToEnd(stopped: AbortSignal): Promise<End> {
  const connection = new AbortController();
  const hangUp = () => {
    connection.abort();
  };
  stopped.addEventListener('abort', hangUp);
  let patience = setTimeout(hangUp, SILENCE_MS);
  const events: (string | undefined)[] = [];
  const parser = createParser({ onEvent: ({ event }) => events.push(event) });
  try {
    const stream = api.GET('/api/live', { parseAs: 'stream', signal: connection.signal });
    const reader = (await dataOf(stream)).pipeThrough(new TextDecoderStream()).getReader();
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return 'broken';
      clearTimeout(patience);
      patience = setTimeout(hangUp, SILENCE_MS);
      parser.feed(value);
      if (events.includes('ended')) return 'ended';
    }
  } catch (error) {
    return error instanceof ApiError && error.status === 429 ? 'crowded' : 'broken';
  } finally {
    clearTimeout(patience);
    stopped.removeEventListener('abort', hangUp);
    hangUp();
  }
}
