import { useMutation } from '@tanstack/react-query';
import { useRouter } from '@tanstack/react-router';
import { leaveFor } from '../../api/leave';
import { park } from '../../api/parked';
import { usePerson } from '../../api/person';
import { providerAddress } from '../../api/provider';
import { safeReturnPath } from '../../api/return-path';
import type { PausedCall } from '../../api/step-up';

interface Props {
  calls: readonly PausedCall[];
  onCancel: () => void;
}

/** Leaves for the company's provider. What was asked for goes on when the person is back. */
export function AtProvider({ calls, onCancel }: Props) {
  const { id, email, orgName, orgSlug } = usePerson();
  const { history } = useRouter();
  const leave = useMutation({
    mutationFn: async (company: string) => {
      const ticket = await park(id, calls);
      const { pathname, search } = history.location;
      const maxAge = Math.min(...calls.map((call) => call.maxAge));
      leaveFor(providerAddress(company, email, safeReturnPath(pathname + search), { maxAge, ticket }));
    },
  });
  const isLeaving = leave.isPending || leave.isSuccess;

  return (
    <>
      <p>{`The sign-in service of ${orgName} will ask you, and bring you back here.`}</p>
      <div className="buttons">
        {orgSlug !== null && (
          <button
            type="button"
            className="primary"
            aria-disabled={isLeaving}
            onClick={() => {
              if (!isLeaving) leave.mutate(orgSlug);
            }}
          >
            {isLeaving ? 'One moment…' : `Continue at ${orgName}`}
          </button>
        )}
        <button type="button" onClick={onCancel}>
          Cancel
        </button>
      </div>
    </>
  );
}
