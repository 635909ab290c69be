import { cleanup } from '@testing-library/react';
import { afterEach, beforeEach, vi } from 'vitest';
import { session } from '../api/session';

beforeEach(() => {
  // As after a fresh load, whatever the test before did: also wipes unsaved drafts.
  session.leave();
  session.begin();
  window.scrollTo = () => undefined;
});

afterEach(() => {
  cleanup();
  vi.unstubAllGlobals();
});
