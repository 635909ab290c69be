/** The whole application on a made-up address bar, joined together as in main.tsx. */
import { QueryClientProvider } from '@tanstack/react-query';
import { createMemoryHistory, RouterProvider } from '@tanstack/react-router';
import { render } from '@testing-library/react';
import { userEvent } from '@testing-library/user-event';
import { onTestFinished } from 'vitest';
import { createQueryClient } from '../api/query-client';
import { createAppRouter } from '../routes/router';
import { wire } from '../routes/wire';

export function renderApp(path: string) {
  const queryClient = createQueryClient();
  const router = createAppRouter(createMemoryHistory({ initialEntries: [path] }));
  const unwire = wire(router, queryClient);
  onTestFinished(unwire);
  const { unmount } = render(
    <QueryClientProvider client={queryClient}>
      <RouterProvider router={router} />
    </QueryClientProvider>,
  );
  return {
    user: userEvent.setup(),
    queryClient,
    router,
    /** As when the tab is closed, or goes to another page. */
    close: () => {
      unmount();
      unwire();
    },
    address: () => router.history.location.pathname + router.history.location.search,
  };
}
