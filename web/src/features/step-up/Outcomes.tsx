import { useRouter } from '@tanstack/react-router';
import { useEffect } from 'react';
import { dropOutcome, dropOutcomes, useOutcomes, type Outcome } from '../../api/parked';
import { explain } from '../../api/problem';
import { Failure } from '../../ui/Failure';
import { moveFocusAway } from '../../ui/focus';
import { wordsFor } from './words';

/** What came of what the person had asked for before they went to confirm that it is them. */
export function Outcomes() {
  const outcomes = useOutcomes();
  const router = useRouter();

  // It is no news on another page.
  useEffect(
    () =>
      router.subscribe('onBeforeNavigate', ({ pathChanged }) => {
        if (pathChanged) dropOutcomes();
      }),
    [router],
  );

  return (
    <div aria-live="polite" className="outcomes">
      {outcomes.map((outcome) => (
        <Item key={outcome.id} {...outcome} />
      ))}
    </div>
  );
}

function Item({ id, call, error }: Outcome) {
  const sentence = error ? explain(error).sentence : wordsFor(call.method, call.path).done;
  return (
    <div className="outcome">
      {error ? <Failure {...explain(error)} /> : <p className="notice">{sentence}</p>}
      <button
        type="button"
        className="quiet"
        aria-label={`Dismiss: ${sentence}`}
        onClick={({ currentTarget }) => {
          moveFocusAway(currentTarget.parentElement);
          dropOutcome(id);
        }}
      >
        Dismiss
      </button>
    </div>
  );
}
