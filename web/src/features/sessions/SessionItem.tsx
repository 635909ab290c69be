import { useId, useRef } from 'react';
import { usePerson } from '../../api/person';
import { explain } from '../../api/problem';
import { momentOf } from '../../api/signed-out';
import { Ago } from '../../ui/Ago';
import { Device } from '../../ui/Device';
import { deviceOf } from '../../ui/agent';
import { Failure } from '../../ui/Failure';
import { moveFocusAway } from '../../ui/focus';
import { isOver, useEndSession, type Session } from './queries';

interface Props {
  session: Session;
  now: Date;
  say: (sentence: string) => void;
}

export function SessionItem({ session, now, say }: Props) {
  const id = useId();
  const row = useRef<HTMLLIElement>(null);
  const device = deviceOf(session.agent);
  const end = useEndSession(session.id, {
    onEnded: () => {
      moveFocusAway(row.current);
      say(`Signed out: ${device}.`);
    },
    onOver: () => {
      moveFocusAway(row.current);
      say('That session was over already.');
    },
  });

  function signOut() {
    if (!end.isPending) end.mutate();
  }

  return (
    <li ref={row} className="session">
      <p className="session-device">
        <Device agent={session.agent} />
        {session.current && <span className="session-here">This browser</span>}
      </p>
      <Facts id={id} session={session} now={now} />
      {/* Leaving this browser is what the page's own Sign out is for. */}
      {!session.current && (
        <button
          type="button"
          className="session-end"
          aria-label={`Sign out: ${device}`}
          aria-describedby={id}
          aria-disabled={end.isPending}
          onClick={signOut}
        >
          {end.isPending ? 'Signing out…' : 'Sign out'}
        </button>
      )}
      {end.error && !isOver(end.error) && <Failure {...explain(end.error)} onRetry={signOut} />}
    </li>
  );
}

function Facts({ id, session, now }: { id: string; session: Session; now: Date }) {
  const { orgName } = usePerson();
  const { createdAt, lastUsedAt, ip, signInMethod } = session;
  const how = signInMethod === 'oidc' ? `at ${orgName}` : 'with a password';
  return (
    <div id={id} className="session-facts">
      <p>
        Last used <Ago at={lastUsedAt} now={now} />
      </p>
      <p>
        Signed in <time dateTime={createdAt}>{momentOf(new Date(createdAt), now)}</time>{' '}
        {ip ? `${how}, from ${ip}` : how}
      </p>
      <p>{endOf(session, now)}</p>
    </div>
  );
}

function endOf({ expiresAt, idleExpiresAt }: Session, now: Date): string {
  const [latest, unused] = [expiresAt, idleExpiresAt].map((at) => new Date(at)) as [Date, Date];
  const end = `Ends by itself ${momentOf(latest, now)}`;
  return unused < latest ? `${end}, or ${momentOf(unused, now)} if unused` : end;
}
