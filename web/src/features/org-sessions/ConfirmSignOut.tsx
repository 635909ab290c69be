import { useQuery } from '@tanstack/react-query';
import type { Preview } from '../../api/org-sessions';
import { usePerson } from '../../api/person';
import { explain } from '../../api/problem';
import { Confirmation } from '../../ui/Confirmation';
import { devicesOf } from '../../ui/agent';
import { Failure } from '../../ui/Failure';
import { counted } from '../../ui/words';
import type { SignedIn } from './people';
import { previewQuery, useSignOut } from './queries';

interface Props {
  /** Everybody, where it is nobody in particular. */
  person?: SignedIn;
  onBack: () => void;
  onEnded: () => void;
}

/** What would end, by the API's own word, and the button that ends it. */
export function ConfirmSignOut({ person, onBack, onEnded }: Props) {
  const preview = useQuery(previewQuery(person?.id));
  const signOut = useSignOut(person?.id, onEnded);
  const error = signOut.error ?? (preview.isFetching ? null : preview.error);
  const act = person ? `Sign ${person.name} out` : everybodyOf(preview.data);

  return (
    <Confirmation
      act={!preview.data?.total ? undefined : signOut.isPending ? 'Signing out…' : act}
      isActing={signOut.isPending}
      onAct={signOut.mutate}
      onBack={onBack}
      failure={
        error && (
          <Failure
            {...explain(error)}
            onRetry={() => {
              if (signOut.error) signOut.mutate();
              else void preview.refetch();
            }}
          />
        )
      }
    >
      {preview.data && (person ? <OfOne person={person} {...preview.data} /> : <OfAll {...preview.data} />)}
      {preview.isFetching && !preview.data && <p>Looking at what will end…</p>}
    </Confirmation>
  );
}

function everybodyOf(preview: Preview | undefined): string {
  return preview?.people === undefined
    ? 'Sign everybody out'
    : `Sign out ${counted(preview.people, 'person', 'people')}`;
}

function OfOne({ person, total, sessions }: Preview & { person: SignedIn }) {
  const { id, orgName } = usePerson();
  if (total === 0) return <p>{`${person.name} is signed in nowhere any more.`}</p>;

  const isMe = person.id === id;
  const methods = new Set(sessions.map(({ signInMethod }) => signInMethod));
  const who = isMe ? 'You' : 'They';
  const where = methods.size > 1 ? '' : methods.has('oidc') ? ` at ${orgName}` : ' with their password';
  return (
    <>
      <p>
        {`${counted(total, 'session')} of ${isMe ? 'yours' : person.name} will end: ${devicesOf(sessions.map(({ agent }) => agent))}.`}
      </p>
      <p>{`${who} will have to sign in again${isMe ? where.replace('their', 'your') : where}.`}</p>
    </>
  );
}

function OfAll({ total, people, sessions }: Preview) {
  const { id } = usePerson();
  if (total === 0) return <p>Nobody is signed in any more.</p>;
  // Ends everybody means oneself, too; only whose list was not read to its end may not see it there.
  const isMine = people === undefined || sessions.some(({ person }) => person.id === id);
  return (
    <>
      <p>
        {people === undefined
          ? `${counted(total, 'session')} will end, those of everybody who is signed in.`
          : `${counted(total, 'session')} of ${counted(people, 'person', 'people')} will end.`}
      </p>
      {isMine && <p>You are among them, and will have to sign in again too.</p>}
    </>
  );
}
