import { useQuery } from '@tanstack/react-query';
import { Link, Outlet } from '@tanstack/react-router';
import { PersonContext, personQuery, useSession, type Person } from '../api/person';
import { explain } from '../api/problem';
import { IdleWarning } from '../features/idle/IdleWarning';
import { SignOut } from '../features/sign-out/SignOut';
import { Outcomes } from '../features/step-up/Outcomes';
import { StepUp } from '../features/step-up/StepUp';
import { Brand } from '../ui/Brand';
import { Failure } from '../ui/Failure';
import { Waiting } from '../ui/Waiting';
import './signed-in-layout.css';

export function SignedInLayout() {
  const { epoch, ended } = useSession();
  // On the way to another page. Nothing of the person stays on the screen for that moment.
  if (ended) return <Waiting />;
  // A new epoch is a new page: no state of a component outlives the sign-in that it belongs to.
  return <AskWho key={epoch} />;
}

/** The API decides, and says so to whoever types the address; this only spares a link that leads nowhere. */
function seesCompany({ orgKind, role }: Person): boolean {
  return orgKind === 'company' && role !== 'member';
}

function AskWho() {
  const person = useQuery(personQuery);

  if (person.data) {
    const { name, orgName, signInMethod } = person.data;
    return (
      <PersonContext value={person.data}>
        <header className="bar">
          <Link to="/" className="bar-home">
            <Brand />
          </Link>
          <p className="bar-who">
            <span className="bar-name">{name}</span>
            <span className="bar-org">{orgName}</span>
          </p>
          <nav className="bar-nav" aria-label="Account">
            <Link to="/account/sessions">Sessions</Link>
            {seesCompany(person.data) && <Link to="/org/sessions">Company</Link>}
            {signInMethod === 'password' && <Link to="/account/password">Change password</Link>}
            <SignOut />
          </nav>
        </header>
        <StepUp>
          <IdleWarning />
        </StepUp>
        <main className="page">
          <Outcomes />
          <Outlet />
        </main>
      </PersonContext>
    );
  }
  if (person.isError && !person.isFetching) {
    return (
      <main className="page">
        <Brand />
        <Failure {...explain(person.error)} onRetry={() => void person.refetch()} />
      </main>
    );
  }
  return <Waiting />;
}
