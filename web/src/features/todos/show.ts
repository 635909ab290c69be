import type { Todo } from './queries';

/** Which todos are listed. It lives in the address, so that it survives a reload and a sign-out. */
export type Show = 'open' | 'done';

export function parseShow(value: unknown): Show | undefined {
  return value === 'open' || value === 'done' ? value : undefined;
}

export function isShown(todo: Todo, show: Show | undefined): boolean {
  return show === undefined || todo.completed === (show === 'done');
}
