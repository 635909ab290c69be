/** What this feature asks of the API. The list is changed only by what the API answered, never by a guess. */
import { queryOptions, useMutation, useQueryClient } from '@tanstack/react-query';
import { api, dataOf } from '../../api/client';
import { ApiError } from '../../api/problem';
import type { paths } from '../../api/schema';
import { session } from '../../api/session';

type Answer = paths['/api/sessions']['get']['responses'][200]['content']['application/json'];
export type Session = Answer['sessions'][number];

export type Reach = 'others' | 'all';

export const sessionsQuery = queryOptions({
  queryKey: ['get', '/api/sessions'],
  queryFn: async () => (await dataOf(api.GET('/api/sessions'))).sessions,
});

/** `onOver` instead of `onEnded` where it had ended before, elsewhere or by itself. */
export function useEndSession(id: string, on: { onEnded: () => void; onOver: () => void }) {
  const { change, refresh } = useList();
  return useMutation({
    mutationFn: () => api.DELETE('/api/sessions/{id}', { params: { path: { id } } }),
    onSuccess: async () => {
      on.onEnded();
      await change((sessions) => sessions.filter((each) => each.id !== id));
    },
    onError: (error) => {
      if (!isOver(error)) return;
      on.onOver();
      void refresh();
    },
  });
}

export function isOver(error: Error | null): boolean {
  return error instanceof ApiError && error.status === 404;
}

/** What a sign-out would end, asked anew each time: by the time it is confirmed there may still be more. */
export const previewQuery = (reach: Reach) =>
  queryOptions({
    queryKey: ['post', '/api/sessions/revoke', reach],
    queryFn: async () => {
      const params = { query: { dry_run: true } };
      return (await dataOf(api.POST('/api/sessions/revoke', { params, body: { reach } }))).sessions;
    },
    gcTime: 0,
    refetchOnWindowFocus: false,
  });

/** After `all`, which is one's own sign-out in this tab too, there is no page left to tell. */
export function useEndMany(reach: Reach, onEnded: () => void) {
  const { refresh } = useList();
  return useMutation({
    mutationFn: () => {
      if (reach === 'all') session.leaving();
      return api.POST('/api/sessions/revoke', { body: { reach } });
    },
    onSuccess: async () => {
      if (reach === 'all') {
        session.leave();
        return;
      }
      await refresh();
      onEnded();
    },
    onError: () => {
      if (reach === 'all') session.stay();
    },
  });
}

function useList() {
  const queryClient = useQueryClient();
  const { queryKey } = sessionsQuery;
  return {
    refresh: () => queryClient.invalidateQueries({ queryKey }),
    change: async (edit: (sessions: Session[]) => Session[]) => {
      // A read that is under way knows nothing of this change yet.
      await queryClient.cancelQueries({ queryKey });
      queryClient.setQueryData(queryKey, (sessions) => sessions && edit(sessions));
    },
  };
}
