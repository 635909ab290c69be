/** The open sessions of a company, and those that a step would end: the API answers both alike, page by page. */
import type { paths } from './schema';

export type OrgSessions = paths['/api/org/sessions']['get']['responses'][200]['content']['application/json'];
export type OrgSession = OrgSessions['sessions'][number];

export interface Preview {
  total: number;
  /** As many of them as one waits for. */
  sessions: OrgSession[];
  /** How many people's they are; undefined where there are more than one waits for. */
  people: number | undefined;
}

const LONGEST_PAGE = 200;
const MOST_PAGES = 10;

export interface PreviewPage {
  dry_run: true;
  limit: number;
  before?: string;
}

/** Reads what would end to its end, so that people can be counted, and not only sessions. */
export async function previewOf(read: (page: PreviewPage) => Promise<OrgSessions>): Promise<Preview> {
  let answer = await read({ dry_run: true, limit: LONGEST_PAGE });
  const { total } = answer;
  const sessions = [...answer.sessions];
  for (let page = 1; answer.next && page < MOST_PAGES; page += 1) {
    answer = await read({ dry_run: true, limit: LONGEST_PAGE, before: answer.next });
    sessions.push(...answer.sessions);
  }
  const people = answer.next ? undefined : new Set(sessions.map(({ person }) => person.id)).size;
  return { total, sessions, people };
}
