import { useQueryClient } from '@tanstack/react-query';
import { useCallback, useEffect, useRef, useState } from 'react';
import { activity } from '../../api/activity';
import { serverNow } from '../../api/clock';
import { askAgain, usePerson } from '../../api/person';
import { session } from '../../api/session';
import { endsOf } from './ends';

const SECOND = 1000;
/** Looked at anew at least so often: a computer that sleeps stops its timers. */
const LONGEST_WAIT_MS = 60 * SECOND;
/** How long the warning waits for an answer that may make it needless. */
const PATIENCE_MS = 2 * SECOND;
/** How soon to ask again whether it has ended, once it should have. */
const OVERDUE_MS = 5 * SECOND;

interface Shown {
  /** How long until the session ends for want of use, in milliseconds; null while there is nothing to warn of. */
  left: number | null;
  /** When it ends however much it is used; null while that is far away. */
  endsAt: Date | null;
}

/**
 * Watches the ends of the session. Whoever is gone is warned, unless another tab has used it meanwhile; whoever types
 * for an hour without saving anything is not, for their tab uses it for them.
 */
export function useIdle(): Shown & { stay: () => Promise<void> } {
  const own = usePerson().session;
  const queryClient = useQueryClient();
  const [shown, setShown] = useState<Shown>({ left: null, endsAt: null });
  const isWarning = useRef(false);
  const isStaying = useRef(false);

  // What an answer changes comes back by `own`; where none comes, the next call says so.
  const askInBackground = useCallback(
    () => askAgain(queryClient, 'background').catch(() => undefined),
    [queryClient],
  );

  const stay = useCallback(async () => {
    const wasWarning = isWarning.current;
    isStaying.current = true;
    try {
      await askAgain(queryClient, 'activity');
    } finally {
      isStaying.current = false;
    }
    if (wasWarning) session.prolonged();
  }, [queryClient]);

  useEffect(() => {
    const { idleAt, warnAt, absoluteAt, noteAt } = endsOf(own);
    let timer: ReturnType<typeof setTimeout> | undefined;
    let isGone = false;
    let hasAsked = false;
    let overdueAt = Math.min(idleAt ?? Infinity, absoluteAt);

    async function look() {
      const isDue = idleAt !== null && serverNow() >= warnAt;
      const isOverdue = serverNow() >= overdueAt;
      if (isOverdue) overdueAt = serverNow() + OVERDUE_MS;
      if (isOverdue || (isDue && !hasAsked)) {
        hasAsked = true;
        await Promise.race([askInBackground(), new Promise((resolve) => setTimeout(resolve, PATIENCE_MS))]);
        if (isGone) return;
      }
      const now = serverNow();
      const isNear = now >= noteAt;
      isWarning.current = isDue;
      setShown({
        left: isDue ? idleAt - Math.max(now, warnAt) : null,
        endsAt: isNear ? new Date(absoluteAt) : null,
      });

      const next = Math.min(
        isDue ? now + SECOND : idleAt === null ? Infinity : warnAt,
        isNear ? overdueAt : noteAt,
      );
      clearTimeout(timer);
      timer = setTimeout(() => void look(), Math.min(Math.max(next - now, SECOND), LONGEST_WAIT_MS));
    }

    const onVisible = () => {
      if (!document.hidden) void look();
    };
    void look();
    document.addEventListener('visibilitychange', onVisible);
    return () => {
      isGone = true;
      isWarning.current = false;
      clearTimeout(timer);
      document.removeEventListener('visibilitychange', onVisible);
    };
  }, [own, askInBackground]);

  useEffect(() => {
    const { restMs } = endsOf(own);
    let triedAt = 0;
    let usedAt = activity.usedAt();
    return activity.subscribe(() => {
      const hasUsed = activity.usedAt() !== usedAt;
      usedAt = activity.usedAt();
      // By some call of the page: the warning is out of date, in other tabs too.
      if (hasUsed && isWarning.current && !isStaying.current) {
        void askInBackground().then(() => {
          session.prolonged();
        });
      }
      if (Date.now() - Math.max(usedAt, triedAt) < restMs) return;
      triedAt = Date.now();
      void stay().catch(() => undefined);
    });
  }, [own, askInBackground, stay]);

  return { ...shown, stay };
}
