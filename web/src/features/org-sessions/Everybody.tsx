import { useId, useRef, useState } from 'react';
import { ConfirmSignOut } from './ConfirmSignOut';

/** Out of everything, all at once. What is left to tell afterwards is told at sign-in: one is out oneself. */
export function Everybody() {
  const id = useId();
  const opener = useRef<HTMLButtonElement>(null);
  const [isOpen, setIsOpen] = useState(false);
  return (
    <>
      <p>
        <button
          ref={opener}
          type="button"
          aria-expanded={isOpen}
          aria-controls={id}
          onClick={() => {
            setIsOpen(!isOpen);
          }}
        >
          Sign everybody out
        </button>
      </p>
      <div id={id}>
        {isOpen && (
          <ConfirmSignOut
            onBack={() => {
              opener.current?.focus();
              setIsOpen(false);
            }}
            onEnded={() => {
              opener.current?.focus();
              setIsOpen(false);
            }}
          />
        )}
      </div>
    </>
  );
}
