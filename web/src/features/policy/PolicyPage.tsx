import { useQuery } from '@tanstack/react-query';
import { usePerson } from '../../api/person';
import { explain } from '../../api/problem';
import { Failure } from '../../ui/Failure';
import { PageHeading } from '../../ui/PageHeading';
import { Waiting } from '../../ui/Waiting';
import { PolicyForm } from './PolicyForm';
import { policyQuery } from './queries';
import { ENDS_PROVIDER_SESSION, settings, wordsOf, type Policy } from './settings';
import './policy.css';

export function PolicyPage() {
  const { role, orgName } = usePerson();
  const policy = useQuery(policyQuery);
  const mayChange = role === 'owner' || role === 'admin';

  return (
    <>
      <div className="stack">
        <PageHeading>Session policy</PageHeading>
        <p>{`How long people of ${orgName} stay signed in.`}</p>
      </div>
      {policy.error && !policy.isFetching && (
        <Failure {...explain(policy.error)} onRetry={() => void policy.refetch()} />
      )}
      {policy.data && (mayChange ? <PolicyForm policy={policy.data} /> : <ReadOnly {...policy.data} />)}
      {policy.isFetching && !policy.data && <Waiting />}
    </>
  );
}

function ReadOnly(policy: Policy) {
  const { orgName } = usePerson();
  return (
    <>
      <dl className="policy-read">
        {settings.map((setting) => (
          <div key={setting.name}>
            <dt>{setting.label}</dt>
            <dd>{wordsOf(setting, policy)}</dd>
          </div>
        ))}
        <div>
          <dt>{ENDS_PROVIDER_SESSION}</dt>
          <dd>{policy.endsProviderSession ? 'Yes' : 'No'}</dd>
        </div>
      </dl>
      <p className="muted">{`The owners and admins of ${orgName} can change this.`}</p>
    </>
  );
}
