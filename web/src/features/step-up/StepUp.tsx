import { useId, useLayoutEffect, useRef, useSyncExternalStore, type ReactNode } from 'react';
import { usePerson } from '../../api/person';
import { stepUp, type PausedCall } from '../../api/step-up';
import { AtProvider } from './AtProvider';
import { ByPassword } from './ByPassword';
import { wordsFor } from './words';
import './step-up.css';

/**
 * Asks the person to confirm that it is them, when a call can't go on without. What is outside of the dialog is out of
 * reach while it is open, so what must be heard and used at any time, the children, is inside by then.
 */
export function StepUp({ children }: { children: ReactNode }) {
  const calls = useSyncExternalStore(stepUp.subscribe, stepUp.snapshot);
  const [first] = calls;
  if (!first) return children;
  return (
    <Dialog first={first} calls={calls}>
      {children}
    </Dialog>
  );
}

interface Props {
  first: PausedCall;
  calls: readonly PausedCall[];
  children: ReactNode;
}

function Dialog({ first, calls, children }: Props) {
  const { signInMethod } = usePerson();
  const dialog = useRef<HTMLDialogElement>(null);
  const id = useId();

  useLayoutEffect(() => {
    const shown = dialog.current;
    shown?.showModal();
    // Gives the focus back to where it was.
    return () => shown?.close();
  }, []);

  const cancel = () => {
    stepUp.cancel();
  };
  const { purpose } = wordsFor(first.request.method, first.request.url);
  return (
    <dialog
      ref={dialog}
      className="step-up"
      aria-labelledby={`${id}-heading`}
      aria-describedby={`${id}-purpose`}
      onCancel={(event) => {
        event.preventDefault();
        cancel();
      }}
      onClose={() => {
        // A browser may close it without asking.
        if (!dialog.current?.open) cancel();
      }}
    >
      {children}
      <div className="stack">
        <h2 id={`${id}-heading`}>Confirm that it is you</h2>
        <p id={`${id}-purpose`}>{`${purpose}, confirm that it is you.`}</p>
        {signInMethod === 'password' ? (
          <ByPassword onCancel={cancel} />
        ) : (
          <AtProvider calls={calls} onCancel={cancel} />
        )}
      </div>
    </dialog>
  );
}
