import { useMutation } from '@tanstack/react-query';
import { api } from '../../api/client';
import { usePerson } from '../../api/person';
import { explain } from '../../api/problem';
import { session } from '../../api/session';
import { Failure } from '../../ui/Failure';
import { SignOutChoice } from './SignOutChoice';
import './sign-out.css';

/** The page leaves only when the API has said that the session is ended; until then one is signed in. */
export function SignOut() {
  const { orgName, signInMethod } = usePerson();
  const signOut = useMutation({
    mutationFn: (provider: boolean) => {
      session.leaving();
      return api.POST('/api/signout', { body: { provider } });
    },
    onSuccess: ({ data }) => {
      session.leave(data?.continueAt ?? null);
    },
    onError: () => {
      session.stay();
    },
  });

  function leave(provider: boolean) {
    if (!signOut.isPending) signOut.mutate(provider);
  }

  return (
    <>
      {signInMethod === 'oidc' ? (
        <SignOutChoice orgName={orgName} isBusy={signOut.isPending} onChoose={leave} />
      ) : (
        <button
          type="button"
          aria-disabled={signOut.isPending}
          onClick={() => {
            leave(false);
          }}
        >
          Sign out
        </button>
      )}
      {signOut.error && (
        <div className="sign-out-failure">
          <p>You are still signed in.</p>
          <Failure
            {...explain(signOut.error)}
            onRetry={() => {
              leave(signOut.variables);
            }}
          />
        </div>
      )}
    </>
  );
}
