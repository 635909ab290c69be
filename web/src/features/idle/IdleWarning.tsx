import { useMutation } from '@tanstack/react-query';
import { useLayoutEffect, useRef, type FocusEvent } from 'react';
import { explain } from '../../api/problem';
import { Failure } from '../../ui/Failure';
import { countdown, spoken } from './ends';
import { useIdle } from './use-idle';
import './idle.css';

const time = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit' });

/** Says that the session is about to end, while one can still do something about it. */
export function IdleWarning() {
  const { left, endsAt, stay } = useIdle();
  return (
    <>
      <div aria-live="polite">
        {endsAt && (
          <p className="idle notice">{`Your sign-in ends at ${time.format(endsAt)}. Sign in again to go on.`}</p>
        )}
      </div>
      {left !== null && <Warning left={left} stay={stay} />}
    </>
  );
}

const REASON = 'because you have not used Curfew.';

/** Takes no focus from whoever types after all, and gives back the one that it was given. */
function Warning({ left, stay }: { left: number; stay: () => Promise<void> }) {
  const place = useRef<HTMLElement>(null);
  const cameFrom = useRef<Element | null>(null);
  const staying = useMutation({ mutationFn: stay });

  useLayoutEffect(() => {
    const here = place.current;
    return () => {
      if (!here?.contains(document.activeElement)) return;
      const back = cameFrom.current?.isConnected ? cameFrom.current : document.querySelector('h1');
      if (back instanceof HTMLElement) back.focus();
    };
  }, []);

  return (
    <section
      ref={place}
      aria-label="You will be signed out"
      className="idle notice"
      onFocus={({ relatedTarget }: FocusEvent<HTMLElement>) => {
        if (!place.current?.contains(relatedTarget)) cameFrom.current = relatedTarget;
      }}
    >
      <p role="alert" className="visually-hidden">
        {`You will be signed out in less than ${spoken(left)} ${REASON}`}
      </p>
      <p role="timer">
        {'You will be signed out in '}
        <span className="idle-left">{countdown(left)}</span>
        {` ${REASON}`}
      </p>
      <button
        type="button"
        className="primary"
        aria-disabled={staying.isPending}
        onClick={() => {
          if (!staying.isPending) staying.mutate();
        }}
      >
        Stay signed in
      </button>
      {staying.error && <Failure {...explain(staying.error)} />}
    </section>
  );
}
