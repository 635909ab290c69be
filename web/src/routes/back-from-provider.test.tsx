/** A page that is loaded anew, by the way back from a company's provider. */
import { screen, waitFor } from '@testing-library/react';
import { expect, onTestFinished, test } from 'vitest';
import { fakeApi, niobe, signInRequired, todo } from '../test/fake-api';
import { renderApp } from '../test/render-app';

/** What another tab hears. */
function otherTab() {
  const heard: unknown[] = [];
  const channel = new BroadcastChannel('curfew-session');
  channel.onmessage = ({ data }) => heard.push(data);
  onTestFinished(() => {
    channel.close();
  });
  return { heard, channel };
}

function signedIn() {
  const server = fakeApi();
  server.signedIn(niobe, [todo('Buy milk')]);
  return server;
}

test('leads to where one was, and "back" does not lead here again', async () => {
  signedIn();
  const { address, router } = renderApp(`/signed-in?next=${encodeURIComponent('/?show=open')}`);
  await screen.findByRole('checkbox', { name: 'Buy milk' });
  expect(address()).toBe('/?show=open');
  expect(router.history.length).toBe(1);
});

test.each(['', '?next=', '?next=%2F%2Fevil.example', '?next=%2F%5Cevil.example', '?next=%2Fsignin'])(
  'leads home with %j',
  async (search) => {
    signedIn();
    const { address } = renderApp(`/signed-in${search}`);
    await screen.findByRole('checkbox', { name: 'Buy milk' });
    expect(address()).toBe('/');
  },
);

test('is told to other tabs, once', async () => {
  const { heard, channel } = otherTab();
  const server = signedIn();
  renderApp('/signed-in?next=%2F');
  await screen.findByRole('checkbox', { name: 'Buy milk' });
  await waitFor(() => {
    expect(heard).toEqual(['changed']);
  });

  // Another tab's own word is answered by a question to the API, and by nothing else.
  const asked = server.countOf('GET /api/users/me');
  channel.postMessage('ended');
  await waitFor(() => {
    expect(server.countOf('GET /api/users/me')).toBe(asked + 1);
  });
  await screen.findByRole('checkbox', { name: 'Buy milk' });
  expect(heard).toEqual(['changed']);
});

test('a page that is merely loaded tells nobody', async () => {
  const { heard, channel } = otherTab();
  const server = signedIn();
  renderApp('/');
  await screen.findByRole('checkbox', { name: 'Buy milk' });
  // The channel keeps the order: what was said before this question would be here before its answer.
  channel.postMessage('ended');
  await waitFor(() => {
    expect(server.countOf('GET /api/users/me')).toBe(2);
  });
  expect(heard).toEqual([]);
});

test('says nothing that the API does not: without a sign-in it is the sign-in page', async () => {
  fakeApi({ 'GET /api/users/me': signInRequired() });
  const { address } = renderApp(`/signed-in?next=${encodeURIComponent('/?show=open')}`);
  await screen.findByLabelText('Email');
  expect(address()).toBe(`/signin?next=${encodeURIComponent('/?show=open')}`);
  expect(screen.queryByText(/signed out/)).toBeNull();
});
