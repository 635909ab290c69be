import { cleanup } from '@testing-library/react';
import { afterEach, beforeEach, vi } from 'vitest';
import { session } from '../api/session';

// What jsdom lacks.
const { webcrypto } = await vi.importActual<{ webcrypto: Crypto }>('node:crypto');
Object.defineProperty(globalThis.crypto, 'subtle', { value: webcrypto.subtle, configurable: true });

beforeEach(() => {
  // As after a fresh load, whatever the test before did: also wipes unsaved text.
  session.leave();
  session.begin();
  localStorage.clear();
  sessionStorage.clear();
  window.scrollTo = () => undefined;
});

afterEach(() => {
  cleanup();
  vi.unstubAllGlobals();
});
