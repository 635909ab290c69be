/**
 * Whether somebody is at this tab. A session that nobody uses ends, so a call counts as use only when the person has
 * touched the tab a moment ago; every other one says that it was made in the background.
 */
export const BACKGROUND = 'Curfew-Background';

const RECENT_MS = 60_000;
/**
 * A pointer that merely moves is none: a table that is knocked keeps nobody signed in. A screen reader clicks, and
 * dictation types, without a pointer or a key.
 */
const TOUCHES = ['pointerdown', 'keydown', 'click', 'input', 'wheel', 'focus', 'visibilitychange'];

// The page was loaded, so there is somebody.
let touchedAt = Date.now();
let usedAt = Date.now();
const listeners = new Set<() => void>();

function touch({ type, target }: Event): void {
  // Within the page, the focus moves by itself too.
  if (document.hidden || (type === 'focus' && target instanceof Node)) return;
  touchedAt = Date.now();
  tellAll();
}

// Before anybody else hears of it: what they ask the API then is use already.
for (const event of TOUCHES) window.addEventListener(event, touch, { capture: true, passive: true });

function tellAll(): void {
  listeners.forEach((listener) => {
    listener();
  });
}

export const activity = {
  isRecent: () => Date.now() - touchedAt < RECENT_MS,
  /** A call that counts as use has been answered. */
  noteUse: () => {
    usedAt = Date.now();
    tellAll();
  },
  /** When the last one was answered in this tab. */
  usedAt: () => usedAt,
  /** Told of each touch and each use. */
  subscribe: (listener: () => void): (() => void) => {
    listeners.add(listener);
    return () => listeners.delete(listener);
  },
};
