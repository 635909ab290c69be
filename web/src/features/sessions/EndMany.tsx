import { useQuery } from '@tanstack/react-query';
import { useId, useRef, useState } from 'react';
import { usePerson } from '../../api/person';
import { explain } from '../../api/problem';
import { signInService } from '../../api/signed-out';
import { Confirmation } from '../../ui/Confirmation';
import { devicesOf } from '../../ui/agent';
import { Failure } from '../../ui/Failure';
import { counted } from '../../ui/words';
import { previewQuery, useEndMany, type Reach, type Session } from './queries';

interface Props {
  isAlone: boolean;
  say: (sentence: string) => void;
}

/** Out of all the others, or of this browser too; each says first what it will end. */
export function EndMany({ isAlone, say }: Props) {
  const [open, setOpen] = useState<Reach>();
  const opener = useRef<HTMLButtonElement>(null);
  const id = useId();

  const acts: [Reach, string][] = [['all', 'Sign out everywhere']];
  if (!isAlone) acts.unshift(['others', 'Sign out everywhere else']);

  return (
    <div className="stack">
      <div className="buttons">
        {acts.map(([reach, label]) => (
          <button
            key={reach}
            ref={open === reach ? opener : undefined}
            type="button"
            aria-expanded={open === reach}
            aria-controls={id}
            onClick={() => {
              setOpen(open === reach ? undefined : reach);
            }}
          >
            {label}
          </button>
        ))}
      </div>
      <div id={id}>
        {open && (
          <Confirm
            key={open}
            reach={open}
            onBack={() => {
              opener.current?.focus();
              setOpen(undefined);
            }}
            onEnded={(sentence) => {
              document.querySelector('h1')?.focus();
              setOpen(undefined);
              say(sentence);
            }}
          />
        )}
      </div>
    </div>
  );
}

interface ConfirmProps {
  reach: Reach;
  onBack: () => void;
  onEnded: (sentence: string) => void;
}

function Confirm({ reach, onBack, onEnded }: ConfirmProps) {
  const preview = useQuery(previewQuery(reach));
  const sessions = preview.data ?? [];
  const end = useEndMany(reach, () => {
    onEnded(
      sessions.length === 1
        ? 'Your other session has ended.'
        : `Your ${counted(sessions.length, 'other session')} have ended.`,
    );
  });
  const error = end.error ?? (preview.isFetching ? null : preview.error);

  return (
    <Confirmation
      act={sessions.length > 0 ? actOf(reach, sessions.length, end.isPending) : undefined}
      isActing={end.isPending}
      onAct={end.mutate}
      onBack={onBack}
      failure={
        error && (
          <Failure
            {...explain(error)}
            onRetry={() => {
              if (end.error) end.mutate();
              else void preview.refetch();
            }}
          />
        )
      }
    >
      {preview.data && <What reach={reach} sessions={sessions} />}
      {preview.isFetching && !preview.data && <p>Looking at what will end…</p>}
    </Confirmation>
  );
}

function actOf(reach: Reach, count: number, isActing: boolean): string {
  if (isActing) return 'Signing out…';
  return `Sign out of ${reach === 'all' && count > 1 ? 'all ' : ''}${counted(count, 'session')}`;
}

function What({ reach, sessions }: { reach: Reach; sessions: Session[] }) {
  const { signInMethod, orgName } = usePerson();
  const count = sessions.length;
  const devices = devicesOf(sessions.map(({ agent }) => agent));
  if (reach === 'others') {
    return (
      <p>
        {count === 0
          ? 'You are signed in nowhere else.'
          : `${counted(count, 'other session')} will end: ${devices}.`}
      </p>
    );
  }
  return (
    <>
      <p>
        {count === 1
          ? `Your only session will end: ${devices}, this browser.`
          : `${counted(count, 'session')} will end, this browser’s too: ${devices}.`}
      </p>
      <p>
        {signInMethod === 'oidc'
          ? `To sign in again you will have to prove who you are at ${signInService(orgName)}.`
          : 'You will have to sign in again.'}
      </p>
    </>
  );
}
