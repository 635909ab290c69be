import { notifyManager, QueryClient } from '@tanstack/react-query';

// Before the next paint, or else a ticked checkbox shows its old mark for a moment.
notifyManager.setScheduler(queueMicrotask);

export function createQueryClient(): QueryClient {
  return new QueryClient({
    defaultOptions: {
      queries: {
        // A failure is shown with a button to try again; retrying in silence would only show it later.
        retry: false,
        // Ask even when the browser believes to be offline, so that there is a failure to show.
        networkMode: 'always',
        // Coming back to the tab asks again: a sign-out elsewhere is then noticed without a click.
        refetchOnWindowFocus: true,
        refetchOnReconnect: true,
      },
      mutations: { retry: false, networkMode: 'always' },
    },
  });
}
