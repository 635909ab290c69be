import { QueryClientProvider } from '@tanstack/react-query';
import { RouterProvider } from '@tanstack/react-router';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { createQueryClient } from './api/query-client';
import { createAppRouter } from './routes/router';
import { wire } from './routes/wire';
import './ui/tokens.css';
import './ui/base.css';
import './ui/controls.css';
import './ui/messages.css';
import './ui/pages.css';

const queryClient = createQueryClient();
const router = createAppRouter();
wire(router, queryClient);

const place = document.getElementById('app');
if (!place) throw new Error('index.html has no #app');
createRoot(place).render(
  <StrictMode>
    <QueryClientProvider client={queryClient}>
      <RouterProvider router={router} />
    </QueryClientProvider>
  </StrictMode>,
);
