/**
 * Calls that wait while the person is at their company's provider to prove who they are. They are kept sealed in this
 * tab, for this person, for ten minutes; and are gone before they are sent, so that nothing is done twice.
 *
 * The way back brings a ticket that nobody can guess: no link, and no other way to this page, sets anything going.
 * Since a browser copies what a tab keeps when the tab is duplicated, the ticket is spent for all tabs.
 */
import { useSyncExternalStore } from 'react';
import { api, resend } from './client';
import { NotDoneError, SignedOutError } from './problem';
import { sealedCalls, sealedTickets } from './sealed';
import { session } from './session';
import type { PausedCall } from './step-up';

export interface ParkedCall {
  method: string;
  /** With its query. */
  path: string;
  body: string;
}

export type Outcome = { id: string } & Result;

type Result =
  | { call: ParkedCall; error: null }
  /** Which call it was can't be said of one that could not be opened. */
  | { call: ParkedCall | null; error: Error };

/** Returns the ticket; none where there is nothing to keep, or no key to keep it with. */
export async function park(person: string, calls: readonly PausedCall[]): Promise<string | undefined> {
  const parked = await Promise.all(calls.filter(changesSomething).map(asText));
  if (parked.length === 0) return undefined;
  const ticket = crypto.randomUUID();
  const isKept =
    (await sealedCalls.keep(person, ticket, JSON.stringify(parked))) &&
    (await sealedTickets.keep(person, ticket, 'good'));
  return isKept ? ticket : undefined;
}

/** What has been parked with this ticket, for once. */
async function unpark(person: string, ticket: string): Promise<ParkedCall[]> {
  const isGood = (await sealedTickets.take(person, ticket)) !== undefined;
  const parked = await sealedCalls.take(person, ticket);
  return isGood && parked !== undefined ? (JSON.parse(parked) as ParkedCall[]) : [];
}

/** Sends what has been parked with this ticket, one after the other, and keeps what came of it to be said. */
export async function goOnWith(person: string, ticket: string): Promise<void> {
  const wasParked = sealedCalls.has(person, ticket);
  const calls = await unpark(person, ticket);
  // Too old, spent in another tab, or no key to open it with.
  if (wasParked && calls.length === 0 && session.person === person)
    addOutcome({ call: null, error: new NotDoneError('nothing to go on with') });
  for (const call of calls) {
    try {
      await send(call);
      addOutcome({ call, error: null });
    } catch (error) {
      // The page that says so is gone.
      if (error instanceof SignedOutError) return;
      addOutcome({ call, error: error instanceof Error ? error : new Error(String(error)) });
    }
  }
}

/** Whoever came here by another way has given it up. */
export function dropParked(person: string): void {
  sealedCalls.forget(person);
}

function send({ method, path, body }: ParkedCall): Promise<Response> {
  return resend(path, {
    method,
    ...(body === '' ? {} : { body, headers: { 'content-type': 'application/json' } }),
  });
}

/** What merely asks, is asked anew by the page when it is there again. */
function changesSomething({ request }: Pick<PausedCall, 'request'>): boolean {
  return request.method !== 'GET' && new URL(request.url).searchParams.get('dry_run') !== 'true';
}

async function asText({ request }: PausedCall): Promise<ParkedCall> {
  return { method: request.method, path: pathOf(request), body: await request.clone().text() };
}

function pathOf({ url }: Request): string {
  const { pathname, search } = new URL(url);
  return pathname + search;
}

let outcomes: readonly Outcome[] = [];
const listeners = new Set<() => void>();

function setOutcomes(next: readonly Outcome[]): void {
  if (next.length === outcomes.length) return;
  outcomes = next;
  listeners.forEach((listener) => {
    listener();
  });
}

function addOutcome(result: Result): void {
  setOutcomes([...outcomes, { id: crypto.randomUUID(), ...result }]);
}

export function dropOutcome(id: string): void {
  setOutcomes(outcomes.filter((each) => each.id !== id));
}

export function dropOutcomes(): void {
  setOutcomes([]);
}

// Whoever does the same anew reads what comes of that; and what is not known may be the same.
api.use({
  onRequest: ({ request }) => {
    if (!changesSomething({ request })) return;
    const isSame = (call: ParkedCall) => call.method === request.method && call.path === pathOf(request);
    setOutcomes(outcomes.filter(({ call }) => call !== null && !isSame(call)));
  },
});

/** What came of the calls that went on here. */
export function useOutcomes(): readonly Outcome[] {
  return useSyncExternalStore(subscribe, () => outcomes);
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

session.subscribe((event) => {
  if (event.kind === 'began' || event.kind === 'refused' || event.kind === 'left' || event.kind === 'doubted')
    dropOutcomes();
  if (event.kind !== 'left' || event.person === null) return;
  sealedCalls.forget(event.person);
  sealedTickets.forget(event.person);
});
