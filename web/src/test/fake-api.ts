/** Stands in for the network, call by call: what a test doesn't answer, it hasn't thought of, so it fails. */
import { expect, vi } from 'vitest';
import type { SignedOut } from '../api/signed-out';

const OF_NO_SIGN_IN = ['POST /api/openid/check', 'POST /api/signin', 'GET /api/signed-out'];

export type Answer =
  Response | Error | Promise<Response> | ((request: Request) => Response | Promise<Response>);

const inMinutes = (minutes: number) => new Date(Date.now() + minutes * 60_000).toISOString();

export const trinity = {
  id: '0190a000-0000-7000-8000-000000000001',
  email: 'trinity@whiterabbit.fake',
  name: 'Trinity',
  role: 'member',
  orgId: '0190a000-0000-7000-8000-00000000000a',
  orgName: 'White Rabbit',
  orgSlug: 'whiterabbit.fake',
  orgKind: 'company',
  signInMethod: 'password',
  session: {
    id: '0190a000-0000-7000-8000-0000000000a1',
    expiresAt: inMinutes(12 * 60),
    idleExpiresAt: inMinutes(30),
    idleTimeoutSeconds: 1800,
  },
};

/** Signed in by way of her company's provider. */
export const niobe = {
  ...trinity,
  id: '0190a000-0000-7000-8000-000000000003',
  email: 'niobe@whiterabbit.fake',
  name: 'Niobe',
  signInMethod: 'oidc',
};

export const bobby = {
  ...trinity,
  id: '0190a000-0000-7000-8000-000000000002',
  name: 'Bobby',
  orgName: 'Tables',
  orgSlug: 'tables.fake',
};

export function todo(task: string, more: { completed?: boolean; userId?: string } = {}) {
  const completed = more.completed ?? false;
  return {
    id: `id-of-${task.replace(/\W+/g, '-')}`,
    task,
    completed,
    createdAt: '2026-01-02T03:04:05Z',
    completedAt: completed ? '2026-01-03T03:04:05Z' : null,
    updatedAt: completed ? '2026-01-03T03:04:05Z' : '2026-01-02T03:04:05Z',
    userId: more.userId ?? trinity.id,
    orgId: trinity.orgId,
  };
}

export function json(status: number, body: unknown, headers: Record<string, string> = {}): Response {
  return new Response(JSON.stringify(body), {
    status,
    headers: { 'content-type': 'application/json', ...headers },
  });
}

export function problem(
  status: number,
  code: string,
  more: Record<string, unknown> = {},
  headers: Record<string, string> = {},
): Response {
  const body = { type: 'about:blank', title: code, status, code, detail: `Sentence of ${code}.`, ...more };
  return json(status, body, { 'content-type': 'application/problem+json', ...headers });
}

export const noContent = () => new Response(null, { status: 204 });
export const sessionEnded = () => problem(401, 'session_ended');
/** Of whom it is said where they sign in: at their company's provider, or here with a password. */
export const signsInAt = (company: string | null) => json(200, { org_id: company });
export const signInRequired = () => problem(401, 'sign_in_required');

/** The answer to a sign-out, which may lead on to the company's provider. */
export const left = (continueAt: string | null = null) => json(200, { continueAt });

/** What GET /api/signed-out says. */
export function known(more: Partial<SignedOut> = {}) {
  return json(200, { signedIn: false, ended: null, provider: 'none', orgName: null, ...more });
}

/** A sign-in that ended today at two minutes past two, local time. */
export function endedBy(cause: NonNullable<SignedOut['ended']>['cause']): NonNullable<SignedOut['ended']> {
  return { at: new Date(new Date().setHours(14, 2, 11)).toISOString(), cause };
}

/** An answer that comes when the test says so. */
export function later() {
  let answer: (response: Response) => void = () => undefined;
  const promise = new Promise<Response>((resolve) => {
    answer = resolve;
  });
  return { promise, answer };
}

/** The key that only this person is given, to seal unsaved text with; a test may give another one as theirs. */
export const draftKey = (userId: string, keyOf = userId) =>
  json(200, { userId, key: btoa(keyOf.slice(-32)).replace(/=+$/, '') });

/** Nobody has a provider, and of what has ended nothing is known, unless a test says so. */
export function fakeApi(initial: Record<string, Answer> = {}) {
  const answers = new Map<string, Answer>([
    ['POST /api/openid/check', signsInAt(null)],
    ['GET /api/signed-out', known()],
    ...Object.entries(initial),
  ]);
  const calls: { call: string; body: unknown }[] = [];
  const headers: [string, Headers][] = [];

  vi.stubGlobal('fetch', async (request: Request) => {
    const call = `${request.method} ${new URL(request.url).pathname}`;
    const text = await request.clone().text();
    const body: unknown = text === '' ? undefined : JSON.parse(text);
    calls.push({ call, body });
    headers.push([call, request.headers]);
    const answer = answers.get(call);
    if (answer === undefined) expect.unreachable(`no answer prepared for ${call}`);
    if (answer instanceof Error) throw answer;
    const response = await (typeof answer === 'function' ? answer(request) : answer);
    return response.clone();
  });

  return {
    calls,
    countOf: (call: string) => calls.filter((each) => each.call === call).length,
    headersOf: (call: string) => headers.filter(([each]) => each === call).map(([, sent]) => sent),
    on: (call: string, answer: Answer) => answers.set(call, answer),
    /** What the API answers for a person who is signed in and has these todos. */
    signedIn: (person: typeof trinity, todos: ReturnType<typeof todo>[] = []) => {
      answers.set('POST /api/signin', json(200, { name: person.name }));
      answers.set('GET /api/users/me', json(200, person));
      answers.set('GET /api/account/draft-key', draftKey(person.id));
      answers.set('GET /api/todos', json(200, { todos }));
    },
    /** And after a forced sign-out: every call is refused, whatever the method, but for those of no sign-in. */
    signedOut: () => {
      for (const call of answers.keys()) if (!OF_NO_SIGN_IN.includes(call)) answers.set(call, sessionEnded());
    },
  };
}

export const agents = {
  windows:
    'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36',
  iphone:
    'Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Mobile/15E148 Safari/604.1',
};

/** Somebody's being signed in on one browser, since an hour ago. */
export function openSession(name: string, more: Record<string, unknown> = {}) {
  const ago = (minutes: number) => new Date(Date.now() - minutes * 60_000).toISOString();
  return {
    id: `id-of-${name}`,
    current: false,
    createdAt: ago(60),
    lastUsedAt: ago(5),
    expiresAt: ago(-600),
    idleExpiresAt: ago(-25),
    ip: '203.0.113.7',
    agent: agents.windows,
    signInMethod: 'password',
    ...more,
  };
}

/** The same of somebody in a company, as its owners, admins and auditors see it. */
export function orgSession(name: string, who: typeof trinity, more: Record<string, unknown> = {}) {
  const person = { id: who.id, name: who.name, email: who.email };
  return { ...openSession(name, more), person };
}
