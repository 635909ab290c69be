/** What this feature asks of the API. */
import { queryOptions, useMutation, useQueryClient } from '@tanstack/react-query';
import { api, dataOf } from '../../api/client';
import { previewOf, type Preview } from '../../api/org-sessions';
import type { Policy } from './settings';

export const policyQuery = queryOptions({
  queryKey: ['get', '/api/org/policy'],
  queryFn: () => dataOf(api.GET('/api/org/policy')),
});

/** What saving would end at once. */
export function usePreview(onPreview: (preview: Preview, policy: Policy) => void) {
  return useMutation({
    mutationFn: (policy: Policy) =>
      previewOf(async (query) => {
        const answer = await dataOf(api.PUT('/api/org/policy', { params: { query }, body: policy }));
        if (!('sessions' in answer)) throw new Error('the answer to a dry run is a list');
        return answer;
      }),
    onSuccess: onPreview,
  });
}

export function useSave(onSaved: (policy: Policy) => void) {
  const queryClient = useQueryClient();
  return useMutation({
    mutationFn: async (policy: Policy) => {
      const answer = await dataOf(api.PUT('/api/org/policy', { body: policy }));
      if ('sessions' in answer) throw new Error('the answer is a policy');
      return answer;
    },
    onSuccess: async (policy) => {
      queryClient.setQueryData(policyQuery.queryKey, policy);
      onSaved(policy);
      // Much may have ended, one's own session among it, which is found out by asking.
      await queryClient.invalidateQueries();
    },
  });
}
