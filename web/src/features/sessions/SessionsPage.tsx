import { PageHeading } from '../../ui/PageHeading';

export function SessionsPage() {
  return <PageHeading>Where you are signed in</PageHeading>;
}
