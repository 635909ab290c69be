/** Who is signed in: what GET /api/users/me says, and nothing else. */
import { queryOptions } from '@tanstack/react-query';
import { createContext, use, useSyncExternalStore } from 'react';
import { api, dataOf } from './client';
import type { paths } from './schema';
import { session, type SessionState } from './session';

export const personQuery = queryOptions({
  queryKey: ['get', '/api/users/me'],
  queryFn: async () => {
    const person = await dataOf(api.GET('/api/users/me'));
    session.recognise(person.id);
    return person;
  },
});

export type Person = paths['/api/users/me']['get']['responses'][200]['content']['application/json'];

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
