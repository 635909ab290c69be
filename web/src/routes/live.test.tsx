/** The whole page, told by the API's stream that a sign-in has ended. */
import { screen, waitFor } from '@testing-library/react';
import { beforeEach, expect, onTestFinished, test } from 'vitest';
import { bobby, fakeApi, later, left, todo, trinity, type Answer } from '../test/fake-api';
import { ENDED, fakeLocks, fakeStreams } from '../test/fake-live';
import { renderApp } from '../test/render-app';

const ME = 'GET /api/users/me';

beforeEach(fakeLocks);

async function signedIn() {
  const streams = fakeStreams();
  const heard: unknown[] = [];
  const otherTab = new BroadcastChannel('curfew-session');
  otherTab.onmessage = ({ data }) => heard.push(data);
  onTestFinished(() => {
    otherTab.close();
  });
  const server = fakeApi({ 'GET /api/live': streams.answer as Answer });
  server.signedIn(trinity, [todo('Buy milk')]);
  const app = renderApp('/?show=open');
  await screen.findByRole('checkbox', { name: 'Buy milk' });
  await waitFor(() => {
    expect(streams.begun()).toBe(1);
  });
  return { streams, server, heard, otherTab, ...app };
}

test('the page is left with nobody touching it, and the other tabs are told once', async () => {
  const { streams, server, heard, address } = await signedIn();
  server.signedOut();
  streams.send(ENDED);
  await screen.findByText('You have been signed out. Sign in again to go on.');
  expect(address()).toBe(`/signin?next=${encodeURIComponent('/?show=open')}`);
  expect(screen.queryByText('Buy milk')).toBeNull();
  await waitFor(() => {
    expect(heard).toEqual(['ended']);
  });
  expect(streams.begun()).toBe(1);
});

test('asking is no use of the session, and nothing is taken away by it', async () => {
  const { streams, server, user, address } = await signedIn();
  await user.type(screen.getByLabelText('New todo'), 'Half a thought');
  const field = screen.getByLabelText('New todo');
  const asked = server.countOf(ME);
  // The sign-in was replaced by the same person's: somebody is signed in after all.
  streams.send(ENDED);
  await waitFor(() => {
    expect(server.countOf(ME)).toBe(asked + 1);
  });
  expect(server.headersOf(ME).at(-1)?.get('curfew-background')).toBe('?1');
  await waitFor(
    () => {
      expect(streams.begun()).toBe(2);
    },
    { timeout: 3000 },
  );
  expect(screen.getByLabelText('New todo')).toBe(field);
  expect(field).toHaveProperty('value', 'Half a thought');
  expect(document.activeElement).toBe(field);
  expect(address()).toBe('/?show=open');
  expect(server.countOf(ME)).toBe(asked + 1);
});

test('somebody else by now is shown their own', async () => {
  const { streams, server } = await signedIn();
  server.signedIn(bobby, [todo('Bobby’s own')]);
  streams.send(ENDED);
  await screen.findByRole('checkbox', { name: 'Bobby’s own' });
  expect(screen.queryByText('Buy milk')).toBeNull();
});

test('what is heard while a new cookie is on its way is asked about when it is there', async () => {
  const { streams, server } = await signedIn();
  const cookie = later();
  void navigator.locks.request('curfew-cookie', {}, () => cookie.promise);
  const asked = server.countOf(ME);
  streams.send(ENDED);
  // It was heard: the page has hung up.
  await waitFor(() => {
    expect(streams.hungUp()).toBe(1);
  });
  expect(server.countOf(ME)).toBe(asked);
  cookie.answer(new Response());
  await waitFor(() => {
    expect(server.countOf(ME)).toBe(asked + 1);
  });
});

test('one’s own sign-out that is quicker than the question is not a forced one', async () => {
  const { streams, server, user, address } = await signedIn();
  const cookie = later();
  void navigator.locks.request('curfew-cookie', {}, () => cookie.promise);
  server.on('POST /api/signout', left());
  streams.send(ENDED);
  await waitFor(() => {
    expect(streams.hungUp()).toBe(1);
  });
  const asked = server.countOf(ME);
  await user.click(screen.getByRole('button', { name: 'Sign out' }));
  await screen.findByRole('heading', { name: 'You are signed out' });
  server.signedOut();
  cookie.answer(new Response());
  // Whoever waits for the cookie after it, has waited for it.
  await navigator.locks.request('curfew-cookie', {}, () => Promise.resolve());
  await new Promise((resolve) => setTimeout(resolve));
  expect(server.countOf(ME)).toBe(asked);
  expect(address()).toBe('/signed-out');
});

test('words that come while it asks are answered by one more question', async () => {
  const { server, otherTab } = await signedIn();
  const [first, asked] = [later(), server.countOf(ME)];
  server.on(ME, first.promise);
  for (let each = 0; each < 8; each += 1) otherTab.postMessage('ended');
  await waitFor(() => {
    expect(server.countOf(ME)).toBe(asked + 1);
  });
  server.signedOut();
  first.answer(Response.json(trinity));
  await screen.findByText(/You have been signed out/);
  expect(server.countOf(ME)).toBe(asked + 2);
});

test('the stream is dropped with the sign-in, and held again after the next', async () => {
  const { streams, server, user } = await signedIn();
  server.on('POST /api/signout', left());
  await user.click(screen.getByRole('button', { name: 'Sign out' }));
  await screen.findByRole('heading', { name: 'You are signed out' });
  expect(streams.hungUp()).toBe(1);
  await user.click(screen.getByRole('link', { name: 'Sign in again' }));
  await user.type(await screen.findByLabelText('Email'), 'trinity@whiterabbit.fake{Enter}');
  await user.type(await screen.findByLabelText('Password'), 'Zion{Enter}');
  await waitFor(() => {
    expect(streams.begun()).toBe(2);
  });
});

test('a page that is put aside lets go of it, and comes back to it', async () => {
  const { streams } = await signedIn();
  window.dispatchEvent(new Event('pagehide'));
  expect(streams.hungUp()).toBe(1);
  window.dispatchEvent(Object.assign(new Event('pageshow'), { persisted: true }));
  await waitFor(() => {
    expect(streams.begun()).toBe(2);
  });
});
