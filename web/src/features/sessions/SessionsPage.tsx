import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { explain } from '../../api/problem';
import { Failure } from '../../ui/Failure';
import { useNow } from '../../ui/now';
import { PageHeading } from '../../ui/PageHeading';
import { Waiting } from '../../ui/Waiting';
import { EndMany } from './EndMany';
import { sessionsQuery, type Session } from './queries';
import { SessionItem } from './SessionItem';
import './sessions.css';

export function SessionsPage() {
  const sessions = useQuery(sessionsQuery);
  const [said, say] = useState('');

  return (
    <>
      <div className="stack">
        <PageHeading>Where you are signed in</PageHeading>
        <div role="status">{said && <p className="notice">{said}</p>}</div>
      </div>
      {sessions.error && !sessions.isFetching && (
        <Failure {...explain(sessions.error)} onRetry={() => void sessions.refetch()} />
      )}
      {sessions.data && <List sessions={sessions.data} say={say} />}
      {sessions.isFetching && !sessions.data && <Waiting />}
    </>
  );
}

function List({ sessions, say }: { sessions: Session[]; say: (sentence: string) => void }) {
  const now = useNow();
  // This browser first; among the others the API's order stays.
  const inOrder = [...sessions].sort((one, other) => Number(other.current) - Number(one.current));
  const isAlone = sessions.every(({ current }) => current);
  return (
    <>
      <ul className="sessions" aria-label="Sessions">
        {inOrder.map((session) => (
          <SessionItem key={session.id} session={session} now={now} say={say} />
        ))}
      </ul>
      {isAlone && <p className="muted">You are signed in nowhere else.</p>}
      <EndMany isAlone={isAlone} say={say} />
    </>
  );
}
