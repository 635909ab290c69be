/** What a tab needs to hear of an end at once, and jsdom has not: the browser's locks, and an API's stream. */
import { onTestFinished } from 'vitest';

interface Waiting {
  mode: LockMode;
  begin: () => void;
}

/** Locks that all tabs of a browser share; a test may hold one as another tab would. */
export function fakeLocks(): void {
  const held = new Map<string, LockMode[]>();
  const waiting = new Map<string, Waiting[]>();

  function letIn(name: string): void {
    const [next] = waiting.get(name) ?? [];
    const holders = held.get(name) ?? [];
    const isFree = holders.length === 0 || (next?.mode === 'shared' && !holders.includes('exclusive'));
    if (!next || !isFree) return;
    waiting.set(name, waiting.get(name)?.slice(1) ?? []);
    held.set(name, [...holders, next.mode]);
    next.begin();
    letIn(name);
  }

  async function request<T>(name: string, options: LockOptions, work: () => Promise<T>): Promise<T> {
    const { mode = 'exclusive', signal } = options;
    signal?.throwIfAborted();
    await new Promise<void>((resolve, reject) => {
      const mine = { mode, begin: resolve };
      waiting.set(name, [...(waiting.get(name) ?? []), mine]);
      signal?.addEventListener('abort', () => {
        waiting.set(name, waiting.get(name)?.filter((each) => each !== mine) ?? []);
        reject(new DOMException('aborted', 'AbortError'));
      });
      letIn(name);
    });
    try {
      return await work();
    } finally {
      held.set(name, held.get(name)?.toSpliced(held.get(name)?.indexOf(mode) ?? 0, 1) ?? []);
      letIn(name);
    }
  }

  Object.defineProperty(navigator, 'locks', { value: { request }, configurable: true });
  onTestFinished(() => {
    Reflect.deleteProperty(navigator, 'locks');
  });
}

/** The answer to `GET /api/live`, one stream for each call. */
export function fakeStreams() {
  const open: { send: (text: string) => void; end: () => void }[] = [];
  let ended = 0;
  const encoder = new TextEncoder();

  function answer({ signal }: Request): Response {
    const body = new ReadableStream<Uint8Array>({
      start: (controller) => {
        open.push({
          send: (text) => {
            controller.enqueue(encoder.encode(text));
          },
          end: () => {
            controller.close();
          },
        });
        signal.addEventListener('abort', () => {
          ended += 1;
          controller.error(new DOMException('aborted', 'AbortError'));
        });
      },
    });
    return new Response(body, { headers: { 'content-type': 'text/event-stream' } });
  }

  return {
    answer,
    /** How many were begun, and how many the page has hung up on. */
    begun: () => open.length,
    hungUp: () => ended,
    send: (text: string) => open.at(-1)?.send(text),
    end: () => open.at(-1)?.end(),
  };
}

export const ENDED = 'event: ended\ndata: {}\n\n';
