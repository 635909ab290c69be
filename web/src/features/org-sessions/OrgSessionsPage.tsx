import { PageHeading } from '../../ui/PageHeading';

export function OrgSessionsPage() {
  return <PageHeading>Signed-in people</PageHeading>;
}
