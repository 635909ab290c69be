/** What this feature asks of the API. The list is changed only by what the API answered, never by a guess. */
import { queryOptions, useMutation, useQueryClient } from '@tanstack/react-query';
import { api, dataOf } from '../../api/client';
import { ApiError } from '../../api/problem';
import type { paths } from '../../api/schema';

export type Todo = paths['/api/todos/{id}']['put']['responses'][200]['content']['application/json'];

export const todosQuery = queryOptions({
  queryKey: ['get', '/api/todos'],
  queryFn: async () => (await dataOf(api.GET('/api/todos'))).todos,
});

export function useAddTodo(onAdded: (todo: Todo) => void) {
  const list = useList();
  return useMutation({
    mutationFn: ({ task, key }: { task: string; key: string }) =>
      dataOf(api.POST('/api/todos', { body: { task }, params: { header: { 'Idempotency-Key': key } } })),
    onSuccess: async (todo) => {
      // Where in the list it belongs is the API's to say.
      await list.refresh();
      onAdded(todo);
    },
  });
}

/** Renaming and ticking off are both this: PUT replaces the two fields that are a person's to change. */
export function useUpdateTodo(id: string, onUpdated: (todo: Todo) => void) {
  const list = useList();
  return useMutation({
    mutationFn: (body: Pick<Todo, 'task' | 'completed'>) =>
      dataOf(api.PUT('/api/todos/{id}', { params: { path: { id } }, body })),
    onSuccess: async (todo) => {
      onUpdated(todo);
      await list.change((todos) => todos.map((each) => (each.id === id ? todo : each)));
    },
    onError: list.refreshIfGone,
  });
}

export function useDeleteTodo(id: string, onDeleted: () => void) {
  const list = useList();
  return useMutation({
    mutationFn: () => api.DELETE('/api/todos/{id}', { params: { path: { id } } }),
    onSuccess: async () => {
      onDeleted();
      await list.change((todos) => todos.filter((each) => each.id !== id));
    },
    onError: list.refreshIfGone,
  });
}

function useList() {
  const queryClient = useQueryClient();
  const refresh = () => queryClient.invalidateQueries({ queryKey: todosQuery.queryKey });
  return {
    refresh,
    change: async (edit: (todos: Todo[]) => Todo[]) => {
      // A read that is under way knows nothing of this change yet.
      await queryClient.cancelQueries({ queryKey: todosQuery.queryKey });
      queryClient.setQueryData(todosQuery.queryKey, (todos) => todos && edit(todos));
    },
    /** 404: it was deleted elsewhere, so that the list on the screen is out of date. */
    refreshIfGone: (error: Error) => {
      if (error instanceof ApiError && error.status === 404) void refresh();
    },
  };
}
