/**
 * What can go wrong with a call, and the sentence a person gets to read for it.
 *
 * The API answers errors as `application/problem+json` whose `detail` is already written for the person;
 * the sentences here are for what no such answer explains: no network, a proxy's error page, an odd answer.
 */
export interface FieldError {
  field: string;
  code: string;
  message: string;
}

interface Problem {
  code?: string;
  detail?: string;
  requestId?: string;
  /** How recent a proof of who one is, in seconds, would have been enough. */
  maxAge?: number;
  errors: FieldError[];
}

/** The API said no, and this is what it said. */
export class ApiError extends Error {
  override readonly name = 'ApiError';
  readonly status: number;
  readonly code: string | undefined;
  readonly requestId: string | undefined;
  readonly retryAfterSeconds: number | undefined;
  readonly errors: readonly FieldError[];

  constructor(response: Response, problem: Problem) {
    super(problem.detail ?? sentenceForStatus(response.status));
    this.status = response.status;
    this.code = problem.code;
    this.requestId = problem.requestId ?? response.headers.get('x-request-id') ?? undefined;
    this.retryAfterSeconds = parseRetryAfter(response.headers.get('retry-after'));
    this.errors = problem.errors;
  }
}

/** No answer came: offline, refused connection, or an answer that broke off. */
export class NetworkError extends Error {
  override readonly name = 'NetworkError';
}

/** This sign-in is over: a 401, or an answer that belongs to an earlier sign-in than the present one. */
export class SignedOutError extends Error {
  override readonly name = 'SignedOutError';
}

/** The person was asked to confirm that it is them, and did not. */
export class NotConfirmedError extends Error {
  override readonly name = 'NotConfirmedError';
}

/** What waited while the person went to confirm that it is them could not be gone on with. */
export class NotDoneError extends Error {
  override readonly name = 'NotDoneError';
}

export interface Explanation {
  sentence: string;
  requestId: string | undefined;
}

export function explain(error: Error): Explanation {
  if (error instanceof ApiError) {
    return { sentence: withRetryAfter(error.message, error.retryAfterSeconds), requestId: error.requestId };
  }
  if (error instanceof NetworkError) {
    return {
      sentence: 'Curfew can’t be reached. Check your connection and try again.',
      requestId: undefined,
    };
  }
  if (error instanceof SignedOutError) {
    return { sentence: 'You have been signed out. Sign in again to go on.', requestId: undefined };
  }
  if (error instanceof NotConfirmedError) {
    return {
      sentence: 'Nothing was done: it needs you to confirm that it is you.',
      requestId: undefined,
    };
  }
  if (error instanceof NotDoneError) {
    return { sentence: 'Nothing was done here. Do it again if you still want it.', requestId: undefined };
  }
  return { sentence: 'Something unexpected happened in this page. Try again.', requestId: undefined };
}

export function fieldError(error: Error | null, field: string): string | undefined {
  return error instanceof ApiError ? error.errors.find((each) => each.field === field)?.message : undefined;
}

/** Never throws: an answer that can't be read explains nothing, that is all. */
export async function readProblem(response: Response): Promise<Problem> {
  try {
    const body: unknown = await response.json();
    return isRecord(body)
      ? {
          code: text(body.code),
          detail: text(body.detail),
          requestId: text(body.request_id),
          maxAge: typeof body.max_age === 'number' ? body.max_age : undefined,
          errors: Array.isArray(body.errors) ? body.errors.filter(isFieldError) : [],
        }
      : { errors: [] };
  } catch {
    return { errors: [] };
  }
}

function sentenceForStatus(status: number): string {
  if (status === 404) return 'That isn’t there any more.';
  if (status === 429) return 'That was too often in a short time.';
  if (status >= 500) return 'Curfew has a fault at the moment. Nothing you typed is lost.';
  return 'That was not accepted.';
}

function withRetryAfter(sentence: string, seconds: number | undefined): string {
  // The API's own sentence may say so already.
  if (seconds === undefined || /try again/i.test(sentence)) return sentence;
  return `${sentence} Try again in ${seconds === 1 ? 'a second' : `${String(seconds)} seconds`}.`;
}

function parseRetryAfter(header: string | null): number | undefined {
  return header !== null && /^\d{1,6}$/.test(header) ? Number(header) : undefined;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}

function isFieldError(value: unknown): value is FieldError {
  return (
    isRecord(value) && [value.field, value.code, value.message].every((each) => typeof each === 'string')
  );
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}
