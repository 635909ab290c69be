import { signInService, whySignedOut, type SignedOut } from '../../api/signed-out';

const HERE = 'This browser’s session of Curfew is ended, in all its tabs.';

/** What has ended, why, and what may be alive. */
export function Sessions(known: SignedOut) {
  if (known.signedIn) return <p>This browser has an open session of Curfew.</p>;
  return (
    <>
      <p>{whySignedOut(known) ?? 'Nobody is signed in to Curfew in this browser.'}</p>
      {known.ended && <p>{reachOf(known.ended.cause)}</p>}
      <AtProvider {...known} />
    </>
  );
}

type Cause = NonNullable<SignedOut['ended']>['cause'];

function reachOf(cause: Cause): string {
  switch (cause) {
    case 'signed_out':
      // Whether one left here alone, or from a list of them, is not told.
      return `${HERE} Sign-ins of yours in other browsers or on other devices go on, unless you signed out there too.`;
    case 'signed_out_everywhere':
    case 'demanded':
      return 'Your sessions of Curfew were ended in every browser and on every device.';
    default:
      return HERE;
  }
}

function AtProvider({ ended, orgName, provider }: SignedOut) {
  const service = signInService(orgName);
  if (provider === 'none') return null;
  if (provider === 'ended') {
    // Said as the reason already.
    if (ended?.cause === 'provider_signed_out') return null;
    return <p>{`Your session at ${service} is ended too.`}</p>;
  }
  if (ended?.cause === 'demanded' || ended?.cause === 'signed_out_everywhere') {
    return (
      <p>{`Signing in again asks for your password at ${service}, even if your session there is still open.`}</p>
    );
  }
  return (
    <p className="notice">
      {`Your session at ${service} may still be open: on this device you could be signed in again without a password.`}
    </p>
  );
}

interface SoFar {
  ended: boolean;
  isGoingOn: boolean;
  hasFailed: boolean;
}

/** What a page may say that has no answer: a tab that left, or was refused, knows of itself that it is out. */
export function NotKnown({ ended, isGoingOn, hasFailed }: SoFar) {
  return (
    <>
      <p>{ended ? HERE : 'This page shows nothing of yours.'}</p>
      {isGoingOn && <p>Going to your company’s sign-in service, to sign you out there too…</p>}
      {hasFailed && (
        <p>Which of your {ended && 'other '}sessions have ended, this page can’t say at the moment.</p>
      )}
    </>
  );
}
