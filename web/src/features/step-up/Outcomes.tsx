import { useOutcomes } from '../../api/parked';
import { explain } from '../../api/problem';
import { Failure } from '../../ui/Failure';
import { wordsFor } from './words';

/** What came of what the person had asked for before they went to confirm that it is them. */
export function Outcomes() {
  const outcomes = useOutcomes();
  return (
    <div aria-live="polite" className="outcomes">
      {outcomes.map(({ call, error }, index) =>
        error ? (
          <Failure key={index} {...explain(error)} />
        ) : (
          <p key={index} className="notice">
            {wordsFor(call.method, call.path).done}
          </p>
        ),
      )}
    </div>
  );
}
