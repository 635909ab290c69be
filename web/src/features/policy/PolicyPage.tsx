import { PageHeading } from '../../ui/PageHeading';

export function PolicyPage() {
  return <PageHeading>Session policy</PageHeading>;
}
