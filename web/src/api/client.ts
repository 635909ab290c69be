/**
 * The one place that talks to the API; the linter forbids `fetch` everywhere else.
 *
 * A forced sign-out reaches the browser as a 401 on whatever is called next, be it a read or a write. So the
 * rule lives here and not in the pages: any 401 on any call ends this tab's session (`session.refuse`), and the
 * call fails without an answer. The exceptions are the calls that belong to no sign-in: those on the way in, where
 * a 401 of the sign-in itself means a wrong password, and the one that tells afterwards what has ended.
 */
import createClient from 'openapi-fetch';
import { activity, BACKGROUND } from './activity';
import { ApiError, NetworkError, readProblem, SignedOutError } from './problem';
import { hasRenewed, renewals, renewing } from './renewal';
import type { paths } from './schema';
import { session } from './session';
import { NEEDS_CONFIRMATION, stepUp } from './step-up';

type Paths = readonly string[];
const OF_NO_SIGN_IN: Paths = [
  '/api/openid/check',
  '/api/signed-out',
  '/api/signin',
] satisfies (keyof paths)[];
/** A sign-out counts also when something else, a 401 say, was quicker: its answer may lead on to the provider. */
const GOOD_WHEN_LATE: Paths = [...OF_NO_SIGN_IN, '/api/signout' satisfies keyof paths];
/** Their answer may bring a new cookie: see `renewal.ts`. */
const RENEWS: Paths = ['/api/signin', '/api/account/password'] satisfies (keyof paths)[];
/** Its answer is read as it comes, by whoever asked for it. */
const STREAMS: Paths = ['/api/live'] satisfies (keyof paths)[];

/** Resolves with a whole, successful answer of the present sign-in, or throws one of `problem.ts`. */
async function guardedFetch(request: Request): Promise<Response> {
  const { pathname } = new URL(request.url);
  const { epoch } = session.snapshot();
  // An answer asked for by an earlier sign-in is neither shown to the present one nor allowed to end it.
  const ensureCurrent = () => {
    if (!GOOD_WHEN_LATE.includes(pathname) && session.snapshot().epoch !== epoch)
      throw new SignedOutError('of an earlier sign-in');
  };

  if (!activity.isRecent()) request.headers.set(BACKGROUND, '?1');
  let response = await answerTo(request, pathname, ensureCurrent);
  if (response.status === 403 && stepUp.isAttended) {
    const { code, maxAge = 0 } = await readProblem(response.clone());
    if (code === NEEDS_CONFIRMATION) {
      await stepUp.pause({ request, maxAge });
      // Once: what is refused again is an error.
      response = await answerTo(request, pathname, ensureCurrent);
    }
  }
  if (!response.ok) throw new ApiError(response, await readProblem(response));
  if (STREAMS.includes(pathname)) return response;
  if (!request.headers.has(BACKGROUND) && !OF_NO_SIGN_IN.includes(pathname)) activity.noteUse();

  // Read to the end here, so that a connection that breaks half-way is a network error too.
  const body = await reach(() => response.text());
  ensureCurrent();
  return new Response(body === '' ? null : body, { status: response.status, headers: response.headers });
}

/** Never a 401, but for the calls that belong to no sign-in. */
async function answerTo(request: Request, pathname: string, ensureCurrent: () => void): Promise<Response> {
  const send = async () => {
    ensureCurrent();
    const sent = () => reach(() => fetch(request.clone()));
    const response = await (RENEWS.includes(pathname) ? renewing(sent) : sent());
    ensureCurrent();
    return response;
  };
  const renewed = renewals();
  let response = await send();
  if (response.status !== 401 || OF_NO_SIGN_IN.includes(pathname)) return response;
  if (await hasRenewed(renewed)) {
    response = await send();
    if (response.status !== 401) return response;
  }
  ensureCurrent();
  const ended = session.refuse();
  // Afterwards, and from a request without a signal: clearing the cache would abort it.
  void readProblem(response).then(({ code }) => {
    if (code === 'session_ended') session.noteSignedOut(ended);
  });
  throw new SignedOutError('401');
}

async function reach<T>(step: () => Promise<T>): Promise<T> {
  try {
    return await step();
  } catch (cause) {
    throw new NetworkError('no answer', { cause });
  }
}

const SAME_FOR_ALL = { credentials: 'same-origin', cache: 'no-store' } as const;

export const api = createClient<paths>({
  baseUrl: window.location.origin,
  ...SAME_FOR_ALL,
  fetch: guardedFetch,
});

/** Sends what was put aside as text, like any other call. */
export function resend(path: string, init: RequestInit): Promise<Response> {
  return guardedFetch(new Request(new URL(path, window.location.origin), { ...SAME_FOR_ALL, ...init }));
}

/** The body of an answer that has one. */
export async function dataOf<T>(answer: Promise<{ data?: T }>): Promise<NonNullable<T>> {
  const { data } = await answer;
  if (data === undefined || data === null) throw new Error('the answer has no body');
  return data;
}
