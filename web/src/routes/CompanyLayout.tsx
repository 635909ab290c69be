import { Link, Outlet } from '@tanstack/react-router';
import { usePerson } from '../api/person';
import { PageHeading } from '../ui/PageHeading';
import './company-layout.css';

/** What the pages about one's company have in common. Who may see them is the API's to say; this spares the asking. */
export function CompanyLayout() {
  const { orgKind, orgName, role } = usePerson();
  if (orgKind === 'personal' || role === 'member') {
    return (
      <>
        <PageHeading>Not for you to see</PageHeading>
        <p>
          {orgKind === 'personal'
            ? 'You use Curfew without a company, so there is nothing to look after here.'
            : `Only the owners, admins and auditors of ${orgName} can see this page.`}
        </p>
        <p>
          <Link to="/">Go to your todos</Link>
        </p>
      </>
    );
  }
  return (
    <>
      <nav className="company" aria-label={`About ${orgName}`}>
        <Link to="/org/sessions">Signed-in people</Link>
        <Link to="/org/policy">Session policy</Link>
      </nav>
      <Outlet />
    </>
  );
}
