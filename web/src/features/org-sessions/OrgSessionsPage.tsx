import { useInfiniteQuery } from '@tanstack/react-query';
import { useEffect, useRef, useState } from 'react';
import type { OrgSession } from '../../api/org-sessions';
import { usePerson } from '../../api/person';
import { explain } from '../../api/problem';
import { Failure } from '../../ui/Failure';
import { Field } from '../../ui/Field';
import { useNow } from '../../ui/now';
import { PageHeading } from '../../ui/PageHeading';
import { Waiting } from '../../ui/Waiting';
import { counted } from '../../ui/words';
import { Everybody } from './Everybody';
import { matching, peopleOf } from './people';
import { PersonItem } from './PersonItem';
import { orgSessionsQuery } from './queries';
import './org-sessions.css';

export function OrgSessionsPage() {
  const { role } = usePerson();
  const list = useInfiniteQuery(orgSessionsQuery);
  const [said, say] = useState('');
  const sessions = list.data?.pages.flatMap((page) => page.sessions);
  const mayEnd = role === 'owner' || role === 'admin';

  return (
    <>
      <div className="stack">
        <PageHeading>Signed-in people</PageHeading>
        <div role="status">{said && <p className="notice">{said}</p>}</div>
        {sessions && <Total sessions={sessions} total={list.data?.pages.at(-1)?.total ?? 0} />}
        {sessions && mayEnd && <Everybody />}
      </div>
      {sessions && <People sessions={sessions} mayEnd={mayEnd} say={say} />}
      {list.error && !list.isFetching && (
        <Failure
          {...explain(list.error)}
          onRetry={() => void (list.isFetchNextPageError ? list.fetchNextPage() : list.refetch())}
        />
      )}
      {sessions && (
        <More
          pages={list.data?.pages.length ?? 0}
          hasMore={list.hasNextPage}
          isLoading={list.isFetchingNextPage}
          onMore={() => void list.fetchNextPage()}
        />
      )}
      {list.isFetching && !sessions && <Waiting />}
    </>
  );
}

function Total({ sessions, total }: { sessions: OrgSession[]; total: number }) {
  const open = counted(total, 'session');
  if (sessions.length < total) {
    return <p>{`${open} are open. The newest ${String(sessions.length)} are shown.`}</p>;
  }
  const people = counted(peopleOf(sessions).length, 'person', 'people');
  return <p>{`${open} of ${people} ${total === 1 ? 'is' : 'are'} open.`}</p>;
}

interface PeopleProps {
  sessions: OrgSession[];
  mayEnd: boolean;
  say: (sentence: string) => void;
}

function People({ sessions, mayEnd, say }: PeopleProps) {
  const now = useNow();
  const [text, setText] = useState('');
  const all = peopleOf(sessions);
  const found = matching(all, text);
  return (
    <section className="stack" aria-label="People">
      <div className="find">
        <Field
          label="Find among those shown"
          hint="By name, e-mail address, device or network address."
          type="search"
          autoComplete="off"
          value={text}
          onChange={(event) => {
            setText(event.target.value);
          }}
        />
      </div>
      <p aria-live="polite" className="muted">
        {text.trim() !== '' && `${String(found.length)} of ${counted(all.length, 'person', 'people')} found.`}
      </p>
      {found.length > 0 && (
        <ul className="people">
          {found.map((person) => (
            <PersonItem key={person.id} person={person} now={now} mayEnd={mayEnd} say={say} />
          ))}
        </ul>
      )}
    </section>
  );
}

interface MoreProps {
  pages: number;
  hasMore: boolean;
  isLoading: boolean;
  onMore: () => void;
}

function More({ pages, hasMore, isLoading, onMore }: MoreProps) {
  const end = useRef<HTMLParagraphElement>(null);
  const hadFocus = useRef(false);
  // The button goes with the last page, and must not take the focus along.
  useEffect(() => {
    if (!hasMore && hadFocus.current) end.current?.focus();
  }, [hasMore]);

  if (!hasMore) {
    return pages > 1 ? (
      <p ref={end} tabIndex={-1} className="muted">
        That is everybody.
      </p>
    ) : null;
  }
  return (
    <p>
      <button
        type="button"
        aria-disabled={isLoading}
        onFocus={() => {
          hadFocus.current = true;
        }}
        onBlur={(event) => {
          // Also sent by some browsers when the button goes, then without anything that gets the focus.
          if (event.relatedTarget) hadFocus.current = false;
        }}
        onClick={() => {
          if (!isLoading) onMore();
        }}
      >
        {isLoading ? 'Loading more…' : 'Show more'}
      </button>
    </p>
  );
}
