import { cleanup, configure } from '@testing-library/react';
import { afterEach, beforeEach, vi } from 'vitest';
import { session } from '../api/session';

// jsdom has no dialogs: enough of them to be read, focused and closed.
HTMLDialogElement.prototype.showModal = function showModal() {
  this.open = true;
  this.querySelector<HTMLElement>('input:not([hidden]), button')?.focus();
};
HTMLDialogElement.prototype.close = function close() {
  this.open = false;
};

// A busy computer is no failure.
configure({ asyncUtilTimeout: 5000 });
vi.setConfig({ testTimeout: 20_000 });

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
