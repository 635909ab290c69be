/** What this feature asks of the API. */
import { infiniteQueryOptions, queryOptions, useMutation, useQueryClient } from '@tanstack/react-query';
import { api, dataOf } from '../../api/client';
import { previewOf } from '../../api/org-sessions';

export const orgSessionsQuery = infiniteQueryOptions({
  queryKey: ['get', '/api/org/sessions'],
  queryFn: ({ pageParam: before }) =>
    dataOf(api.GET('/api/org/sessions', { params: { query: before === null ? {} : { before } } })),
  initialPageParam: null as string | null,
  getNextPageParam: ({ next }) => next ?? null,
});

/** One person of the company, or undefined for everybody. */
export type Whom = string | undefined;

/** What a sign-out would end, asked anew each time: by the time it is confirmed there may still be more. */
export const previewQuery = (whom: Whom) =>
  queryOptions({
    queryKey: ['post', '/api/org/revoke', whom],
    queryFn: () =>
      previewOf((query) =>
        dataOf(
          whom === undefined
            ? api.POST('/api/org/revoke', { params: { query } })
            : api.POST('/api/org/users/{id}/revoke', { params: { path: { id: whom }, query } }),
        ),
      ),
    gcTime: 0,
    refetchOnWindowFocus: false,
  });

/** Whoever ended their own session finds out by the list that is read next. */
export function useSignOut(whom: Whom, onEnded: () => void) {
  const queryClient = useQueryClient();
  return useMutation({
    mutationFn: async () => {
      if (whom === undefined) await api.POST('/api/org/revoke');
      else await api.POST('/api/org/users/{id}/revoke', { params: { path: { id: whom } } });
    },
    onSuccess: async () => {
      onEnded();
      await queryClient.invalidateQueries({ queryKey: orgSessionsQuery.queryKey });
    },
  });
}
