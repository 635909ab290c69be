import { useQuery } from '@tanstack/react-query';
import { useRouter } from '@tanstack/react-router';
import { useEffect } from 'react';
import { personQuery, useSession } from '../../api/person';
import { session } from '../../api/session';
import { Card } from '../../ui/Card';
import { SignedOutNotice } from './SignedOutNotice';
import { SignInForm } from './SignInForm';

/** `next` is a path of this origin, checked by the route: see `api/return-path.ts`. */
export function SignInPage({ next }: { next: string }) {
  const router = useRouter();
  const { ended, wasSignedOut } = useSession();
  // Signed in already, or in another tab just now? Then there is nothing to do here.
  const person = useQuery({ ...personQuery, enabled: !ended });
  const isSignedIn = person.data !== undefined;
  useEffect(() => {
    if (isSignedIn) void router.navigate({ href: next, replace: true });
  }, [isSignedIn, next, router]);

  return (
    <Card heading="Sign in">
      <SignedOutNotice shown={wasSignedOut} />
      <SignInForm
        next={next}
        onSignedIn={() => {
          session.begin();
          void router.navigate({ href: next, replace: true });
        }}
      />
      <p className="card-foot">Accounts are made by your company’s administrator.</p>
    </Card>
  );
}
