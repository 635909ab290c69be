import { beforeEach, expect, test, vi } from 'vitest';
import {
  fakeApi,
  json,
  known,
  later,
  left,
  noContent,
  problem,
  sessionEnded,
  signsInAt,
  todo,
  trinity,
} from '../test/fake-api';
import { api, dataOf } from './client';
import { ApiError, explain, NetworkError, SignedOutError } from './problem';
import { session, type SessionEvent } from './session';

const path = { id: 'x' };
const body = { task: 'x', completed: true };

const signOut = () => api.POST('/api/signout', { body: { provider: false } });

const methods: [string, () => Promise<unknown>][] = [
  ['GET /api/todos', () => dataOf(api.GET('/api/todos'))],
  ['GET /api/users/me', () => dataOf(api.GET('/api/users/me'))],
  ['POST /api/todos', () => dataOf(api.POST('/api/todos', { body: { task: 'x' } }))],
  ['PUT /api/todos/x', () => dataOf(api.PUT('/api/todos/{id}', { params: { path }, body }))],
  ['DELETE /api/todos/x', () => api.DELETE('/api/todos/{id}', { params: { path } })],
  [
    'POST /api/account/password',
    () => api.POST('/api/account/password', { body: { currentPassword: 'x', newPassword: 'y' } }),
  ],
  ['POST /api/signout', signOut],
];

const events: SessionEvent[] = [];
beforeEach(() => {
  events.length = 0;
  return session.subscribe((event) => events.push(event));
});

test.each(methods)('401 on %s ends the session and yields no data', async (call, ask) => {
  // Looks like data on purpose: it must not be taken for any.
  const server = fakeApi({ [call]: json(401, { ...trinity, todos: [todo('x')] }) });
  await expect(ask()).rejects.toBeInstanceOf(SignedOutError);
  expect(server.calls).toHaveLength(1);
  expect(events).toMatchObject([{ kind: 'refused' }]);
  expect(session.snapshot().ended).toBe(true);
});

test('a 401 ends the session before its body has come, or if it never comes', async () => {
  const neverEnding = new ReadableStream();
  vi.stubGlobal('fetch', () => Promise.resolve(new Response(neverEnding, { status: 401 })));
  await expect(api.GET('/api/todos')).rejects.toBeInstanceOf(SignedOutError);
  expect(session.snapshot().ended).toBe(true);
});

test('the 401 of the sign-in itself means a wrong password', async () => {
  fakeApi({ 'POST /api/signin': problem(401, 'sign_in_failed') });
  const error = await api
    .POST('/api/signin', { body: { username: 'x', password: 'y' } })
    .catch((caught: unknown) => caught);
  expect(error).toBeInstanceOf(ApiError);
  expect(error).toMatchObject({
    status: 401,
    code: 'sign_in_failed',
    message: 'Sentence of sign_in_failed.',
  });
  expect(events).toEqual([]);
});

const ofNoSignIn: [string, () => Promise<unknown>, Response][] = [
  [
    'POST /api/openid/check',
    () => dataOf(api.POST('/api/openid/check', { body: { username: 'x' } })),
    signsInAt('whiterabbit.fake'),
  ],
  ['GET /api/signed-out', () => dataOf(api.GET('/api/signed-out')), known({ orgName: 'White Rabbit' })],
];

test.each(ofNoSignIn)(
  '%s is of no sign-in: neither a 401 on it nor another sign-in in between matters',
  async (call, ask, answer) => {
    const late = later();
    fakeApi({ [call]: late.promise });
    const asked = ask();
    session.begin();
    events.length = 0;
    late.answer(answer);
    await expect(asked).resolves.toEqual(await answer.clone().json());

    fakeApi({ [call]: problem(401, 'odd') });
    await expect(ask()).rejects.toBeInstanceOf(ApiError);
    expect(events).toEqual([]);
  },
);

test('the answer to a sign-out counts whatever has happened since, for it may lead on', async () => {
  const late = later();
  fakeApi({ 'POST /api/signout': late.promise });
  const asked = dataOf(signOut());
  session.refuse();
  late.answer(left('https://whiterabbit.fake/end'));
  await expect(asked).resolves.toEqual({ continueAt: 'https://whiterabbit.fake/end' });
});

test('session_ended on a freshly loaded page is known to have been a sign-in', async () => {
  fakeApi({ 'GET /api/users/me': sessionEnded() });
  await expect(api.GET('/api/users/me')).rejects.toBeInstanceOf(SignedOutError);
  await vi.waitFor(() => {
    expect(session.snapshot().wasSignedOut).toBe(true);
  });
});

test('several calls refused at once end the session once', async () => {
  fakeApi({ 'GET /api/todos': sessionEnded(), 'GET /api/users/me': sessionEnded() });
  await Promise.allSettled([api.GET('/api/todos'), api.GET('/api/users/me'), api.GET('/api/todos')]);
  expect(events.filter(({ kind }) => kind === 'refused')).toHaveLength(1);
});

test.each([
  ['data', () => json(200, { todos: [todo('of Trinity')] })],
  ['401', sessionEnded],
])(
  'an earlier sign-in’s late answer (%s) neither shows up in nor ends the present one',
  async (_, answer) => {
    const late = later();
    fakeApi({ 'GET /api/todos': late.promise });
    const asked = api.GET('/api/todos');
    session.begin();
    events.length = 0;
    late.answer(answer());
    await expect(asked).rejects.toBeInstanceOf(SignedOutError);
    expect(events).toEqual([]);
  },
);

test('503 carries the sentence, the request id and the time to wait', async () => {
  fakeApi({
    'GET /api/todos': problem(503, 'unavailable', { request_id: 'req-1' }, { 'retry-after': '5' }),
  });
  const error = await api.GET('/api/todos').catch((caught: unknown) => caught);
  expect(error).toMatchObject({ status: 503, retryAfterSeconds: 5 });
  expect(explain(error as ApiError)).toEqual({
    sentence: 'Sentence of unavailable. Try again in 5 seconds.',
    requestId: 'req-1',
  });
  expect(events).toEqual([]);
});

test('a 5xx that is not ours is explained too, with the request id of its header', async () => {
  fakeApi({
    'GET /api/todos': new Response('<h1>Bad gateway</h1>', {
      status: 502,
      headers: { 'x-request-id': 'req-2' },
    }),
  });
  const error = await api.GET('/api/todos').catch((caught: unknown) => caught);
  expect(explain(error as ApiError)).toEqual({
    sentence: 'Curfew has a fault at the moment. Nothing you typed is lost.',
    requestId: 'req-2',
  });
});

test('400 names the fields', async () => {
  const errors = [{ field: 'task', code: 'length', message: 'At most 500 characters.' }, { field: 1 }];
  fakeApi({ 'POST /api/todos': problem(400, 'invalid', { errors }) });
  const error = await api.POST('/api/todos', { body: { task: 'x' } }).catch((caught: unknown) => caught);
  expect(error).toMatchObject({ errors: [errors[0]] });
});

test('no network is a network error, and so is an answer that breaks off', async () => {
  fakeApi({ 'GET /api/todos': new TypeError('Failed to fetch') });
  await expect(api.GET('/api/todos')).rejects.toBeInstanceOf(NetworkError);

  const broken = new ReadableStream({
    start: (controller) => {
      controller.error(new TypeError('connection lost'));
    },
  });
  vi.stubGlobal('fetch', () => Promise.resolve(new Response(broken)));
  await expect(api.GET('/api/todos')).rejects.toBeInstanceOf(NetworkError);
  expect(events).toEqual([]);
});

test('an answer without a body is fine where none is due', async () => {
  fakeApi({ 'DELETE /api/todos/x': noContent() });
  await expect(api.DELETE('/api/todos/{id}', { params: { path } })).resolves.toMatchObject({
    data: undefined,
  });
});
