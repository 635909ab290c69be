import { Link } from '@tanstack/react-router';
import { Card } from '../../ui/Card';

/** Stays where it is: a page that went on to sign-in by itself could sign the next person in as the last. */
export function SignedOutPage() {
  return (
    <Card heading="You are signed out">
      <p>This browser’s session of Curfew is ended, in all its tabs.</p>
      <p>Sign-ins of yours in other browsers or on other devices go on.</p>
      <p>
        {/* Replaced, so that "back" never says this to somebody who is signed in again. */}
        <Link to="/signin" replace className="button primary">
          Sign in again
        </Link>
      </p>
    </Card>
  );
}
