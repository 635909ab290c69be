import { useEffect, useState } from 'react';
import { askSignedOut, whatNext, whySignedOut } from '../../api/signed-out';

const PATIENCE_MS = 3000;

/**
 * Says at once that one has been signed out, and by whom as soon as that is known. Heard once: the region is live
 * only from when the sentence is final, and it is put in anew then. What is asked once stays, whatever other tabs do.
 */
export function SignedOutNotice({ shown }: { shown: boolean }) {
  /** Null where nobody can say, undefined until then. */
  const [reason, setReason] = useState<string | null>();
  const isFinal = reason !== undefined;

  useEffect(() => {
    if (!shown) return;
    let isGone = false;
    void findReason().then((found) => {
      if (!isGone) setReason(found);
    });
    return () => {
      isGone = true;
      setReason(undefined);
    };
  }, [shown]);

  return (
    <div role="status" aria-live={isFinal ? 'polite' : 'off'}>
      {shown && (
        <p key={String(isFinal)} className="notice">
          {reason ?? `You have been signed out. ${whatNext()}`}
        </p>
      )}
    </div>
  );
}

async function findReason(): Promise<string | null> {
  try {
    const known = await askSignedOut(undefined, AbortSignal.timeout(PATIENCE_MS));
    const why = whySignedOut(known);
    return why ? `${why} ${whatNext(known.ended?.cause)}` : null;
  } catch {
    return null;
  }
}
