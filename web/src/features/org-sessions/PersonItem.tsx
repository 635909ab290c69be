import { useId, useRef, useState } from 'react';
import type { OrgSession } from '../../api/org-sessions';
import { usePerson } from '../../api/person';
import { momentOf } from '../../api/signed-out';
import { Ago } from '../../ui/Ago';
import { Device } from '../../ui/Device';
import { moveFocusAway } from '../../ui/focus';
import { ConfirmSignOut } from './ConfirmSignOut';
import type { SignedIn } from './people';

interface Props {
  person: SignedIn;
  now: Date;
  mayEnd: boolean;
  say: (sentence: string) => void;
}

export function PersonItem({ person, now, mayEnd, say }: Props) {
  const me = usePerson();
  const id = useId();
  const row = useRef<HTMLLIElement>(null);
  const opener = useRef<HTMLButtonElement>(null);
  const [isOpen, setIsOpen] = useState(false);

  return (
    <li ref={row} className="person">
      <div className="person-head">
        <div className="person-who">
          <h2 className="person-name">
            {person.name}
            {person.id === me.id && ' (you)'}
          </h2>
          <p className="muted">{person.email}</p>
        </div>
        {mayEnd && (
          <button
            ref={opener}
            type="button"
            aria-label={`Sign ${person.name} out`}
            aria-expanded={isOpen}
            aria-controls={id}
            onClick={() => {
              setIsOpen(!isOpen);
            }}
          >
            Sign out
          </button>
        )}
      </div>
      <div id={id} className="person-confirm">
        {isOpen && (
          <ConfirmSignOut
            person={person}
            onBack={() => {
              opener.current?.focus();
              setIsOpen(false);
            }}
            onEnded={() => {
              moveFocusAway(row.current);
              setIsOpen(false);
              say(`${person.name} is signed out.`);
            }}
          />
        )}
      </div>
      <ul className="person-sessions" aria-label={`Sessions of ${person.name}`}>
        {person.sessions.map((session) => (
          <SessionItem key={session.id} session={session} now={now} />
        ))}
      </ul>
    </li>
  );
}

function SessionItem({ session, now }: { session: OrgSession; now: Date }) {
  const { orgName } = usePerson();
  const { agent, current, createdAt, lastUsedAt, ip, signInMethod } = session;
  const how = signInMethod === 'oidc' ? `at ${orgName}` : 'with a password';
  return (
    <li>
      <p>
        <Device agent={agent} />
        {current && <span className="muted"> (this browser)</span>}
      </p>
      <p className="muted">
        Last used <Ago at={lastUsedAt} now={now} />, signed in{' '}
        <time dateTime={createdAt}>{momentOf(new Date(createdAt), now)}</time>{' '}
        {ip ? `${how}, from ${ip}` : how}
      </p>
    </li>
  );
}
