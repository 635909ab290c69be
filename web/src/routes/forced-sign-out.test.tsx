/** The whole page, forced out: from any call to sign-in, and back. */
import { screen, waitFor, within } from '@testing-library/react';
import { expect, onTestFinished, test, vi } from 'vitest';
import {
  bobby,
  fakeApi,
  json,
  later,
  left,
  noContent,
  sessionEnded,
  signInRequired,
  todo,
  trinity,
} from '../test/fake-api';
import { renderApp } from '../test/render-app';

type App = ReturnType<typeof renderApp>;

async function signedInAt(path: string, todos = [todo('Follow the rabbit'), todo('Buy milk')]) {
  const server = fakeApi();
  server.signedIn(trinity, todos);
  for (const { id } of todos) {
    server.on(`PUT /api/todos/${id}`, json(200, todos[0]));
    server.on(`DELETE /api/todos/${id}`, noContent());
  }
  server.on('POST /api/todos', json(201, todos[0]));
  const app = renderApp(path);
  await screen.findByRole('checkbox', { name: 'Buy milk' });
  return { server, ...app };
}

async function signIn({ user }: App) {
  await user.type(await screen.findByLabelText('Email'), 'someone@whiterabbit.fake{Enter}');
  await user.type(await screen.findByLabelText('Password'), 'Zion{Enter}');
}

const acts: [string, (app: App) => Promise<unknown>][] = [
  ['GET', ({ queryClient }) => queryClient.invalidateQueries()],
  [
    'POST',
    async ({ user }) => {
      await user.type(screen.getByLabelText('New todo'), 'Something{Enter}');
    },
  ],
  ['PUT', ({ user }) => user.click(screen.getByRole('checkbox', { name: 'Buy milk' }))],
  ['DELETE', ({ user }) => user.click(screen.getByRole('button', { name: 'Delete “Buy milk”' }))],
];

test.each(acts)('a 401 on %s leads to sign-in and back to where one was', async (_, act) => {
  const app = await signedInAt('/?show=open');
  app.server.signedOut();
  await act(app);

  await screen.findByText('You have been signed out. Sign in again to go on.');
  expect(app.address()).toBe(`/signin?next=${encodeURIComponent('/?show=open')}`);
  expect(screen.queryByText('Buy milk')).toBeNull();
  // The sign-in page may keep a note of having asked who this is, but nothing of what was answered before.
  expect(app.queryClient.getQueriesData({}).filter(([, data]) => data !== undefined)).toEqual([]);

  app.server.signedIn(trinity, [todo('Buy milk')]);
  await signIn(app);
  await screen.findByRole('checkbox', { name: 'Buy milk' });
  expect(app.address()).toBe('/?show=open');
});

test('a first visit leads to sign-in without a word of having been signed out', async () => {
  fakeApi({ 'GET /api/users/me': signInRequired() });
  const { address } = renderApp('/account/password');
  await screen.findByRole('heading', { name: 'Sign in' });
  expect(address()).toBe(`/signin?next=${encodeURIComponent('/account/password')}`);
  expect(screen.queryByText(/signed out/)).toBeNull();
});

test('somebody else who signs in next sees nothing of the person before, typed text included', async () => {
  const app = await signedInAt('/');
  await app.user.type(screen.getByLabelText('New todo'), 'A secret');
  app.server.signedOut();
  await app.queryClient.invalidateQueries();
  await screen.findByLabelText('Email');

  const bobsTodos = later();
  app.server.signedIn(bobby);
  app.server.on('GET /api/todos', bobsTodos.promise);
  await signIn(app);
  await screen.findByText('Bobby');
  expect(screen.queryByText('Trinity')).toBeNull();
  expect(screen.queryByText('Buy milk')).toBeNull();
  expect(screen.getByLabelText('New todo')).toHaveProperty('value', '');
  bobsTodos.answer(json(200, { todos: [] }));
  await screen.findByText('Nothing to do.');
});

test('what the same person had typed is there again', async () => {
  const app = await signedInAt('/');
  await app.user.click(screen.getByRole('button', { name: 'Rename “Buy milk”' }));
  await app.user.type(screen.getByLabelText('New name of “Buy milk”'), '{End}shake');
  app.server.signedOut();
  await app.user.type(screen.getByLabelText('New todo'), 'Something{Enter}');
  await screen.findByText(/You have been signed out/);

  app.server.signedIn(trinity, [todo('Buy milk')]);
  await signIn(app);
  expect(await screen.findByLabelText('New name of “Buy milk”')).toHaveProperty('value', 'Buy milkshake');
  expect(screen.getByLabelText('New todo')).toHaveProperty('value', 'Something');
});

test('an answer that was under way for the person before never arrives on the page', async () => {
  const app = await signedInAt('/');
  const late = later();
  app.server.on('PUT /api/todos/id-of-Buy-milk', late.promise);
  await app.user.click(screen.getByRole('checkbox', { name: 'Buy milk' }));
  app.server.on('GET /api/users/me', json(401, {}));
  await app.queryClient.invalidateQueries();
  await screen.findByLabelText('Email');

  app.server.signedIn(bobby, [todo('Bobby’s own')]);
  await signIn(app);
  await screen.findByRole('checkbox', { name: 'Bobby’s own' });
  late.answer(json(200, todo('Buy milk')));
  await late.promise;
  await app.queryClient.invalidateQueries();
  expect(screen.getAllByRole('checkbox')).toHaveLength(1);
  expect(app.address()).toBe('/');
});

test('another tab’s word is checked with the API: signed out there is signed out here', async () => {
  const app = await signedInAt('/?show=open');
  app.server.signedOut();
  otherTab().postMessage('ended');
  await screen.findByText(/You have been signed out/);
  expect(app.address()).toBe(`/signin?next=${encodeURIComponent('/?show=open')}`);
});

test.each(['changed', 'ended'])(
  'another tab’s word alone (%s) signs nobody out, and takes nothing away',
  async (word) => {
    const { server, address } = await signedInAt('/');
    const shown = screen.getByRole('checkbox', { name: 'Buy milk' });
    const asked = server.countOf('GET /api/users/me');
    otherTab().postMessage(word);
    await waitFor(() => {
      expect(server.countOf('GET /api/users/me')).toBe(asked + 1);
    });
    expect(server.headersOf('GET /api/users/me').at(-1)?.get('curfew-background')).toBe('?1');
    expect(screen.getByRole('checkbox', { name: 'Buy milk' })).toBe(shown);
    expect(address()).toBe('/');
  },
);

test('a refusal that was under way when another tab told of its new sign-in is of the one before', async () => {
  const { server, queryClient, address } = await signedInAt('/');
  const [refusal, asked] = [later(), server.countOf('GET /api/users/me')];
  const answers = [refusal.promise];
  server.on('GET /api/todos', () => answers.shift() ?? json(200, { todos: [todo('Buy milk')] }));
  const read = queryClient.invalidateQueries({ queryKey: ['get', '/api/todos'] });
  const answer = later();
  server.on('GET /api/users/me', answer.promise);
  otherTab().postMessage('changed');
  await waitFor(() => {
    expect(server.countOf('GET /api/users/me')).toBe(asked + 1);
  });
  refusal.answer(sessionEnded());
  await read;
  answer.answer(json(200, trinity));
  await answer.promise;
  expect(screen.getByRole('checkbox', { name: 'Buy milk' })).toBeTruthy();
  expect(address()).toBe('/');
});

test('a forced sign-out here is told to other tabs, once', async () => {
  const heard: unknown[] = [];
  const tab = otherTab();
  tab.onmessage = ({ data }) => heard.push(data);
  const app = await signedInAt('/');
  app.server.signedOut();
  await app.queryClient.invalidateQueries();
  await screen.findByText(/You have been signed out/);
  // An end is no news here any more; a question and answer proves that nothing else is on its way.
  tab.postMessage('ended');
  tab.postMessage('changed');
  await waitFor(() => {
    expect(app.server.countOf('GET /api/users/me')).toBe(3);
  });
  expect(heard).toEqual(['ended']);
});

test('signing in in another tab is enough for a sign-in page', async () => {
  const server = fakeApi({ 'GET /api/users/me': signInRequired() });
  const { address } = renderApp('/signin?next=%2F%3Fshow%3Ddone');
  await screen.findByLabelText('Email');
  await waitFor(() => {
    expect(server.countOf('GET /api/users/me')).toBe(1);
  });
  server.signedIn(trinity, [todo('Rest', { completed: true })]);
  otherTab().postMessage('changed');
  await screen.findByRole('checkbox', { name: 'Rest' });
  expect(address()).toBe('/?show=done');
});

test('a page brought back whole by the browser asks again', async () => {
  const app = await signedInAt('/');
  app.server.signedOut();
  window.dispatchEvent(Object.assign(new Event('pageshow'), { persisted: true }));
  await screen.findByText(/You have been signed out/);
  expect(screen.queryByText('Buy milk')).toBeNull();
});

test('one’s own sign-out waits for the API, says so, and stays there', async () => {
  const app = await signedInAt('/');
  const answer = later();
  app.server.on('POST /api/signout', answer.promise);
  await app.user.click(screen.getByRole('button', { name: 'Sign out' }));
  expect(screen.getByText('Buy milk')).toBeTruthy();
  answer.answer(left());
  await screen.findByRole('heading', { name: 'You are signed out' });
  expect(app.address()).toBe('/signed-out');
  await screen.findByText('Nobody is signed in to Curfew in this browser.');
  expect(app.queryClient.getQueryCache().getAll()).toHaveLength(1);

  app.server.on('GET /api/users/me', signInRequired());
  const asked = app.server.calls.length;
  otherTab().postMessage('changed');
  await app.user.click(screen.getByRole('link', { name: 'Sign in again' }));
  await screen.findByLabelText('Email');
  expect(screen.queryByText(/You have been signed out/)).toBeNull();
  const ofNobody = ['GET /api/users/me', 'GET /api/signed-out'];
  expect(app.server.calls.slice(asked).filter(({ call }) => !ofNobody.includes(call))).toEqual([]);
});

test('a 401 that overtakes the answer to one’s own sign-out is that sign-out', async () => {
  const app = await signedInAt('/');
  const [answer, read] = [later(), later()];
  app.server.on('POST /api/signout', answer.promise);
  app.server.on('GET /api/todos', read.promise);
  void app.queryClient.invalidateQueries();
  await app.user.click(screen.getByRole('button', { name: 'Sign out' }));
  read.answer(sessionEnded());
  await screen.findByRole('heading', { name: 'You are signed out' });
  answer.answer(left());
  await answer.promise;
  expect(app.address()).toBe('/signed-out');
});

test('a sign-out that failed is not passed off as one', async () => {
  const app = await signedInAt('/');
  app.server.on('POST /api/signout', new TypeError('Failed to fetch'));
  await app.user.click(screen.getByRole('button', { name: 'Sign out' }));
  await screen.findByText('You are still signed in.');
  expect(app.address()).toBe('/');

  app.server.on('POST /api/signout', left());
  await app.user.click(within(screen.getByRole('alert')).getByRole('button', { name: 'Try again' }));
  await screen.findByRole('heading', { name: 'You are signed out' });
});

test('when nobody can say who is signed in there is a sentence and a way to try again', async () => {
  const server = fakeApi({ 'GET /api/users/me': new TypeError('Failed to fetch') });
  const { user } = renderApp('/');
  await screen.findByText(/can’t be reached/);
  server.signedIn(trinity, [todo('Buy milk')]);
  await user.click(screen.getByRole('button', { name: 'Try again' }));
  await screen.findByRole('checkbox', { name: 'Buy milk' });
});

test('nothing is kept in the browser’s stores but sealed text', async () => {
  const write = vi.spyOn(Storage.prototype, 'setItem');
  const app = await signedInAt('/');
  app.server.signedOut();
  await app.queryClient.invalidateQueries();
  await screen.findByText(/You have been signed out/);
  expect(write).not.toHaveBeenCalled();

  app.server.signedIn(trinity, [todo('Buy milk')]);
  await signIn(app);
  await app.user.type(await screen.findByLabelText('New todo'), 'A secret');
  await waitFor(() => {
    expect(write).toHaveBeenCalled();
  });
  for (const [name, item] of write.mock.calls) {
    expect(name).toBe(`curfew-sealed.${trinity.id}`);
    expect(item).not.toContain('secret');
  }
});

function otherTab(): BroadcastChannel {
  const channel = new BroadcastChannel('curfew-session');
  onTestFinished(() => {
    channel.close();
  });
  return channel;
}
