import type { OrgSession } from '../../api/org-sessions';
import { deviceOf } from '../../ui/agent';

export interface SignedIn {
  id: string;
  name: string;
  email: string;
  sessions: OrgSession[];
}

/** By person, whoever signed in last first, as the sessions come. */
export function peopleOf(sessions: readonly OrgSession[]): SignedIn[] {
  const people = new Map<string, SignedIn>();
  for (const session of sessions) {
    const known = people.get(session.person.id);
    if (known) known.sessions.push(session);
    else people.set(session.person.id, { ...session.person, sessions: [session] });
  }
  return [...people.values()];
}

/** Those of whom the text is a part of the name or address, with all their sessions; of others the sessions it is a part of. */
export function matching(people: readonly SignedIn[], text: string): SignedIn[] {
  const wanted = text.trim().toLowerCase();
  if (wanted === '') return [...people];
  const has = (...texts: (string | null | undefined)[]) =>
    texts.some((each) => each?.toLowerCase().includes(wanted));
  return people
    .map((person) => {
      if (has(person.name, person.email)) return person;
      return {
        ...person,
        sessions: person.sessions.filter(({ agent, ip }) => has(deviceOf(agent), ip)),
      };
    })
    .filter(({ sessions }) => sessions.length > 0);
}
