/** Typed text, and what becomes of it: the whole page. */
import { screen, waitFor } from '@testing-library/react';
import { expect, onTestFinished, test } from 'vitest';
import { sealedDrafts } from '../../api/sealed';
import {
  bobby,
  draftKey,
  fakeApi,
  json,
  later,
  left,
  problem,
  sessionEnded,
  todo,
  trinity,
  type Answer,
} from '../../test/fake-api';
import { renderApp } from '../../test/render-app';

const HERS = `curfew-sealed.${trinity.id}`;
const field = () => screen.getByLabelText('New todo');

type App = Awaited<ReturnType<typeof signedIn>>;

async function signedIn(todos = [todo('Buy milk')]) {
  const server = fakeApi();
  server.signedIn(trinity, todos);
  const app = renderApp('/');
  await screen.findByText('1 open');
  return { server, ...app };
}

async function forcedOut({ server, queryClient }: App) {
  server.signedOut();
  await queryClient.invalidateQueries();
  await screen.findByText(/Sign in again to go on/);
}

async function signIn({ user, server }: App, person: typeof trinity, key: Answer = draftKey(person.id)) {
  server.signedIn(person, [todo('Buy milk')]);
  server.on('GET /api/account/draft-key', key);
  await user.type(await screen.findByLabelText('Email'), person.email);
  await user.keyboard('{Enter}');
  await user.type(await screen.findByLabelText('Password'), 'Zion{Enter}');
  await screen.findByText('1 open');
}

async function expectSealed(is: boolean) {
  await waitFor(() => {
    expect(localStorage.getItem(HERS) !== null).toBe(is);
  });
}

test('it is sealed as it is typed, and found again when the memory is gone', async () => {
  const app = await signedIn();
  await app.user.type(field(), 'A secret');
  await app.user.click(screen.getByRole('button', { name: 'Rename “Buy milk”' }));
  await app.user.type(screen.getByLabelText('New name of “Buy milk”'), '{End}shake');
  await expectSealed(true);
  await forcedOut(app);

  // Somebody else in between takes the place in memory.
  await signIn(app, bobby);
  expect(field()).toHaveProperty('value', '');
  expect(screen.queryByLabelText('New name of “Buy milk”')).toBeNull();
  await app.user.type(field(), 'Bobby’s own');
  await forcedOut(app);

  await signIn(app, trinity);
  await waitFor(() => {
    expect(field()).toHaveProperty('value', 'A secret');
  });
  expect(screen.getByLabelText('New name of “Buy milk”')).toHaveProperty('value', 'Buy milkshake');
  expect(JSON.stringify(Object.values(localStorage))).not.toMatch(/secret|shake|own/);

  // And done with once it is saved.
  app.server.on('POST /api/todos', json(201, todo('A secret')));
  await app.user.type(field(), '{Enter}');
  await waitFor(() => {
    expect(field()).toHaveProperty('value', '');
  });
});

test('it is gone from the browser once it is saved or given up', async () => {
  const app = await signedIn();
  app.server.on('POST /api/todos', json(201, todo('Done with')));
  await app.user.type(field(), 'Done with');
  await expectSealed(true);
  await app.user.keyboard('{Enter}');
  await expectSealed(false);

  await app.user.click(screen.getByRole('button', { name: 'Rename “Buy milk”' }));
  await expectSealed(true);
  await app.user.keyboard('{Escape}');
  await expectSealed(false);
});

function otherTab() {
  const heard: unknown[] = [];
  const channel = new BroadcastChannel('curfew-session');
  channel.onmessage = ({ data }) => heard.push(data);
  onTestFinished(() => {
    channel.close();
  });
  return { heard, channel };
}

test('one’s own sign-out takes it along, and tells the other tabs to', async () => {
  const { heard } = otherTab();
  const app = await signedIn();
  await app.user.type(field(), 'A secret');
  await expectSealed(true);
  app.server.on('POST /api/signout', left());
  await app.user.click(screen.getByRole('button', { name: 'Sign out' }));
  await screen.findByRole('heading', { name: 'You are signed out' });
  await expectSealed(false);

  await waitFor(() => {
    expect(heard).toEqual(['left']);
  });

  await app.user.click(screen.getByRole('link', { name: 'Sign in again' }));
  await signIn(app, trinity);
  expect(field()).toHaveProperty('value', '');
});

test('so does one’s own sign-out in another tab, with what is typed until the answer says so', async () => {
  const app = await signedIn();
  await app.user.type(field(), 'A secret');
  await expectSealed(true);
  const answer = later();
  app.server.signedOut();
  app.server.on('GET /api/users/me', answer.promise);
  // The key is had for as long as the API gives it.
  const key = later();
  app.server.on('GET /api/account/draft-key', key.promise);
  otherTab().channel.postMessage('left');
  await expectSealed(false);
  await waitFor(() => {
    expect(field()).toHaveProperty('value', '');
  });
  await app.user.type(field(), 'and more');
  answer.answer(sessionEnded());
  await screen.findByText(/Sign in again to go on/);
  key.answer(draftKey(trinity.id));

  await signIn(app, trinity);
  expect(field()).toHaveProperty('value', '');
  expect(localStorage.length).toBe(0);
});

test('also where a refusal was quicker than that tab’s word', async () => {
  const app = await signedIn();
  await app.user.type(field(), 'A secret');
  await expectSealed(true);
  await forcedOut(app);
  await expectSealed(true);
  otherTab().channel.postMessage('left');
  await expectSealed(false);
  await signIn(app, trinity);
  expect(field()).toHaveProperty('value', '');
});

test('the key is at hand before the first letter, also for whoever comes back', async () => {
  const app = await signedIn();
  const asked = () => app.server.countOf('GET /api/account/draft-key');
  for (const times of [1, 2]) {
    await waitFor(() => {
      expect(asked()).toBe(times);
    });
    await app.user.type(field(), 'x');
    expect(asked()).toBe(times);
    await forcedOut(app);
    await signIn(app, trinity);
  }
});

test('without the key the page works, and the text stays for as long as the tab', async () => {
  const app = await signedIn();
  await forcedOut(app);
  await signIn(app, trinity, problem(503, 'unavailable'));
  await app.user.type(field(), 'Half a thought');
  await forcedOut(app);
  await signIn(app, trinity, problem(503, 'unavailable'));
  expect(field()).toHaveProperty('value', 'Half a thought');
  expect(localStorage.length).toBe(0);
  expect(screen.queryByRole('alert')).toBeNull();
});

test('typed on before the earlier text was there, both stay', async () => {
  const app = await signedIn();
  await app.user.type(field(), 'Earlier');
  // To its last letter.
  await waitFor(async () => {
    expect(await sealedDrafts.read(trinity.id)).toEqual([{ name: 'new', text: '{"text":"Earlier"}' }]);
  });
  await forcedOut(app);
  await signIn(app, bobby);
  await forcedOut(app);

  const key = later();
  await signIn(app, trinity, key.promise);
  await app.user.type(field(), 'later');
  key.answer(draftKey(trinity.id));
  await waitFor(() => {
    expect(field()).toHaveProperty('value', 'Earlier later');
  });
});

test('sent again after an answer that got lost, it has the same key; another text has another', async () => {
  const app = await signedIn();
  const sent = () => app.server.calls.filter(({ call }) => call === 'POST /api/todos');
  const keys = () => app.server.headersOf('POST /api/todos').map((each) => each.get('idempotency-key'));
  app.server.on('POST /api/todos', new TypeError('Failed to fetch'));
  await app.user.type(field(), 'One{Enter}');
  await app.user.click(await screen.findByRole('button', { name: 'Try again' }));
  await waitFor(() => {
    expect(sent()).toHaveLength(2);
  });
  await app.user.type(field(), 's{Backspace} {Enter}');
  // Also after a sign-out and back, when nothing is left in memory.
  await forcedOut(app);
  await signIn(app, bobby);
  await forcedOut(app);
  await signIn(app, trinity);
  await waitFor(() => {
    expect(field()).toHaveProperty('value', 'One ');
  });
  app.server.on('POST /api/todos', new TypeError('Failed to fetch'));
  await app.user.type(field(), '{Enter}');
  await screen.findByRole('alert');
  expect(sent().map(({ body }) => body)).toEqual(Array(4).fill({ task: 'One' }));
  expect(new Set(keys()).size).toBe(1);
  expect(keys()[0]).toMatch(/^"[0-9a-f-]{36}"$/);

  await app.user.type(field(), 'more{Enter}');
  await screen.findByRole('alert');
  expect(new Set(keys()).size).toBe(2);

  // Once it is answered, or taken back, the same words are a new todo.
  app.server.on('POST /api/todos', json(201, todo('One more')));
  await app.user.type(field(), '{Enter}');
  await waitFor(() => {
    expect(field()).toHaveProperty('value', '');
  });
  await app.user.type(field(), 'One more{Enter}');
  await screen.findByText('Added “One more”.');
  expect(new Set(keys()).size).toBe(3);
  app.server.on('POST /api/todos', new TypeError('Failed to fetch'));
  await app.user.type(field(), 'One{Enter}');
  await screen.findByRole('alert');
  await app.user.clear(field());
  await app.user.type(field(), 'One{Enter}');
  await waitFor(() => {
    expect(new Set(keys()).size).toBe(5);
  });
});
