/** Who is signed in: what GET /api/users/me says, and nothing else. */
import { queryOptions, type QueryClient } from '@tanstack/react-query';
import { createContext, use, useSyncExternalStore } from 'react';
import { BACKGROUND } from './activity';
import { api, dataOf } from './client';
import { noteServerTime } from './clock';
import type { paths } from './schema';
import { session, type SessionState } from './session';

export const personQuery = queryOptions({
  queryKey: ['get', '/api/users/me'],
  queryFn: () => readPerson(),
});

export type Person = paths['/api/users/me']['get']['responses'][200]['content']['application/json'];

async function readPerson(headers: Record<string, string> = {}): Promise<Person> {
  const askedAt = Date.now();
  const answer = api.GET('/api/users/me', { headers });
  const person = await dataOf(answer);
  noteServerTime((await answer).response.headers.get('date'), askedAt);
  session.recognise(person.id);
  return person;
}

/**
 * Asks again while the page stays as it is; a 401 takes it away. In the background it is no use of the session. Fails
 * like any call.
 */
export async function askAgain(queryClient: QueryClient, as: 'activity' | 'background'): Promise<void> {
  const { epoch } = session.snapshot();
  const person = await readPerson(as === 'background' ? { [BACKGROUND]: '?1' } : {});
  // Somebody else than before is read anew, with everything.
  if (session.snapshot().epoch === epoch) queryClient.setQueryData(personQuery.queryKey, person);
}

export const PersonContext = createContext<Person | null>(null);

/** The person whose pages these are; only for what is rendered inside the signed-in layout. */
export function usePerson(): Person {
  const person = use(PersonContext);
  if (!person) throw new Error('usePerson outside of the signed-in layout');
  return person;
}

export function useSession(): SessionState {
  return useSyncExternalStore(session.subscribe, session.snapshot);
}
