import { useQuery } from '@tanstack/react-query';
import { Link, useRouter } from '@tanstack/react-router';
import { useEffect, useState } from 'react';
import { useSession } from '../../api/person';
import { explain } from '../../api/problem';
import { askSignedOut } from '../../api/signed-out';
import { Card } from '../../ui/Card';
import { Failure } from '../../ui/Failure';
import { NotKnown, Sessions } from './Sessions';

/**
 * Says which sessions have ended and which may be alive, and no more than it knows. It stays where it is: a page that
 * went on to sign-in by itself could sign the next person in as the last.
 *
 * `state` is what a provider sent along with the browser.
 */
export function SignedOutPage({ state }: { state: string | undefined }) {
  const router = useRouter();
  const { ended, isGoingOn } = useSession();
  const [broughtBack] = useState(state);
  useEffect(() => {
    if (state !== undefined) void router.navigate({ to: '/signed-out', replace: true });
  }, [state, router]);

  const known = useQuery({
    queryKey: ['get', '/api/signed-out', broughtBack],
    queryFn: () => askSignedOut(broughtBack),
    enabled: !isGoingOn,
  });

  const isSignedIn = known.data?.signedIn === true;
  const hasFailed = known.isError && !known.data && !known.isFetching;
  return (
    <Card
      heading={isSignedIn ? 'You are signed in' : ended || known.data ? 'You are signed out' : 'Signing out'}
    >
      {/* Always there, so that a screen reader notices when more is known. */}
      <div role="status" className="stack">
        {known.data ? <Sessions {...known.data} /> : <NotKnown {...{ ended, isGoingOn, hasFailed }} />}
      </div>
      {hasFailed && <Failure {...explain(known.error)} onRetry={() => void known.refetch()} />}
      <p>
        {isSignedIn ? (
          <Link to="/" className="button primary">
            Go to your todos
          </Link>
        ) : (
          // Replaced, so that "back" never says this to somebody who is signed in again.
          <Link to="/signin" replace className="button primary">
            Sign in again
          </Link>
        )}
      </p>
    </Card>
  );
}
