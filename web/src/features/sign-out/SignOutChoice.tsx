import { useEffect, useId, useRef, useState } from 'react';

interface Props {
  orgName: string;
  isBusy: boolean;
  /** With true, the session at the company's provider is to end too. */
  onChoose: (provider: boolean) => void;
}

/** Whoever came through a company's provider has two sessions, and may want to leave one of them or both. */
export function SignOutChoice({ orgName, isBusy, onChoose }: Props) {
  const [isOpen, setIsOpen] = useState(false);
  const place = useRef<HTMLDivElement>(null);
  const opener = useRef<HTMLButtonElement>(null);
  const id = useId();

  useEffect(() => {
    if (!isOpen) return;
    const onElsewhere = ({ target }: Event) => {
      if (target instanceof Node && !place.current?.contains(target)) setIsOpen(false);
    };
    const onKey = ({ key }: KeyboardEvent) => {
      if (key !== 'Escape') return;
      setIsOpen(false);
      opener.current?.focus();
    };
    document.addEventListener('pointerdown', onElsewhere);
    document.addEventListener('focusin', onElsewhere);
    document.addEventListener('keydown', onKey);
    return () => {
      document.removeEventListener('pointerdown', onElsewhere);
      document.removeEventListener('focusin', onElsewhere);
      document.removeEventListener('keydown', onKey);
    };
  }, [isOpen]);

  function choose(provider: boolean) {
    setIsOpen(false);
    opener.current?.focus();
    onChoose(provider);
  }

  return (
    <div ref={place} className="sign-out">
      <button
        ref={opener}
        type="button"
        className="sign-out-opener"
        aria-expanded={isOpen}
        aria-controls={id}
        aria-disabled={isBusy}
        onClick={() => {
          if (!isBusy) setIsOpen(!isOpen);
        }}
      >
        Sign out
      </button>
      <div id={id} hidden={!isOpen} role="group" aria-label="Ways to sign out" className="sign-out-choices">
        <Choice
          label="Sign out of Curfew"
          explanation="Curfew only, in this browser. Your session at your company’s sign-in service may stay open."
          onChoose={() => {
            choose(false);
          }}
        />
        <Choice
          label={`Sign out of ${orgName} too`}
          explanation="Also at your company’s sign-in service, which may sign you out of other apps. Choose this on a shared computer."
          onChoose={() => {
            choose(true);
          }}
        />
      </div>
    </div>
  );
}

function Choice(props: { label: string; explanation: string; onChoose: () => void }) {
  const id = useId();
  return (
    <button
      type="button"
      className="sign-out-choice"
      aria-labelledby={`${id}-label`}
      aria-describedby={`${id}-explanation`}
      onClick={props.onChoose}
    >
      <span id={`${id}-label`} className="sign-out-label">
        {props.label}
      </span>
      <span id={`${id}-explanation`} className="muted">
        {props.explanation}
      </span>
    </button>
  );
}
