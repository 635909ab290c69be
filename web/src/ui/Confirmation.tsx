import { useEffect, useId, useRef, type ReactNode } from 'react';
import './confirmation.css';

interface Props {
  /** What will happen, as it will be. It may say so only after a moment. */
  children: ReactNode;
  /** What the button says that does it; undefined while there is nothing to do. */
  act: string | undefined;
  isActing: boolean;
  onAct: () => void;
  onBack: () => void;
  failure?: ReactNode;
}

/** Asks before something is done that can't be undone. It takes the focus: it is read out, and Escape leaves it. */
export function Confirmation({ children, act, isActing, onAct, onBack, failure }: Props) {
  const id = useId();
  const place = useRef<HTMLDivElement>(null);

  useEffect(() => {
    place.current?.focus();
  }, []);

  return (
    <div
      ref={place}
      role="group"
      aria-labelledby={id}
      tabIndex={-1}
      className="confirmation"
      onKeyDown={(event) => {
        if (event.key === 'Escape' && !isActing) onBack();
      }}
    >
      <div id={id} aria-live="polite" className="confirmation-text">
        {children}
      </div>
      {failure}
      <div className="buttons">
        {act !== undefined && (
          <button
            type="button"
            className="primary"
            aria-disabled={isActing}
            onClick={() => {
              if (!isActing) onAct();
            }}
          >
            {act}
          </button>
        )}
        <button
          type="button"
          aria-disabled={isActing}
          onClick={() => {
            if (!isActing) onBack();
          }}
        >
          Back
        </button>
      </div>
    </div>
  );
}
