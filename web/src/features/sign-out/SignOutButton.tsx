import { useMutation } from '@tanstack/react-query';
import { api } from '../../api/client';
import { explain } from '../../api/problem';
import { session } from '../../api/session';
import { Failure } from '../../ui/Failure';

/** The page leaves only when the API has said that the session is ended; until then one is signed in. */
export function SignOutButton() {
  const signOut = useMutation({
    mutationFn: () => {
      session.leaving();
      return api.POST('/api/signout');
    },
    onSuccess: () => {
      session.leave();
    },
    onError: () => {
      session.stay();
    },
  });

  return (
    <>
      <button
        type="button"
        aria-disabled={signOut.isPending}
        onClick={() => {
          if (!signOut.isPending) signOut.mutate();
        }}
      >
        Sign out
      </button>
      {signOut.error && (
        <div className="sign-out-failure">
          <p>You are still signed in.</p>
          <Failure
            {...explain(signOut.error)}
            onRetry={() => {
              signOut.mutate();
            }}
          />
        </div>
      )}
    </>
  );
}
