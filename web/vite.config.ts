import react from '@vitejs/plugin-react';
import { defineConfig } from 'vitest/config';

const api = process.env.CURFEW_API_URL ?? 'http://localhost:3333';

export default defineConfig({
  // What `make dev` has printed above stays to be read.
  clearScreen: false,
  plugins: [react()],
  server: {
    port: 5173,
    strictPort: true,
    // The browser's Sec-Fetch-Site and Origin pass through untouched: the API sees what the browser sees.
    proxy: { '/api': api, '/openid': api },
  },
  build: {
    // The API serves the pages under a policy without 'unsafe-inline': nothing may be put into index.html itself.
    modulePreload: { polyfill: false },
    assetsInlineLimit: 0,
  },
  test: {
    environment: 'jsdom',
    include: ['src/**/*.test.{ts,tsx}'],
    setupFiles: ['src/test/setup.ts'],
    restoreMocks: true,
  },
});
