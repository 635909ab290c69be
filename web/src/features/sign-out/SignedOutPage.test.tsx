/** /signed-out: what ended, what may be alive, and nothing that is not known. */
import { screen, waitFor } from '@testing-library/react';
import { beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest';
import { leaveFor } from '../../api/leave';
import { type SignedOut } from '../../api/signed-out';
import { type Answer, endedBy, fakeApi, known, later, niobe, problem, todo } from '../../test/fake-api';
import { renderApp } from '../../test/render-app';

vi.mock('../../api/leave', () => ({ leaveFor: vi.fn() }));
beforeEach(() => {
  vi.mocked(leaveFor).mockReset();
});

const ASK = 'GET /api/signed-out';
const HERE = 'This browser’s session of Curfew is ended, in all its tabs.';
const SERVICE = 'the sign-in service of White Rabbit';
const MAY_BE_ALIVE = `Your session at ${SERVICE} may still be open: on this device you could be signed in again without a password.`;
const ENDED_TOO = `Your session at ${SERVICE} is ended too.`;
const ASKS_AGAIN = `Signing in again asks for your password at ${SERVICE}, even if your session there is still open.`;

type Cause = NonNullable<SignedOut['ended']>['cause'];

/** The page as somebody finds it who loads it, with each question that it asks. */
function page(answer: Answer, path = '/signed-out') {
  const asked: URL[] = [];
  const server = fakeApi();
  const answering = (next: Answer) =>
    server.on(ASK, async (request) => {
      asked.push(new URL(request.url));
      if (next instanceof Error) throw next;
      return typeof next === 'function' ? next(request) : next;
    });
  answering(answer);
  return { server, asked, answering, ...renderApp(path) };
}

const paragraphs = () =>
  [...screen.getByRole('status').querySelectorAll('p')].map(({ textContent }) => textContent);

async function said(heading: string): Promise<(string | null)[]> {
  await screen.findByRole('heading', { name: heading });
  return paragraphs();
}

describe('says why, how far, and what of the provider', () => {
  const others =
    'Sign-ins of yours in other browsers or on other devices go on, unless you signed out there too.';
  const everywhere = 'Your sessions of Curfew were ended in every browser and on every device.';
  test.each<[Cause, SignedOut['provider'], (string | RegExp)[]]>([
    ['signed_out', 'none', ['You signed out at 14:02.', `${HERE} ${others}`]],
    ['signed_out', 'ended', ['You signed out at 14:02.', `${HERE} ${others}`, ENDED_TOO]],
    ['signed_out', 'may_be_alive', ['You signed out at 14:02.', `${HERE} ${others}`, MAY_BE_ALIVE]],
    ['demanded', 'none', ['Your company signed you out at 14:02.', everywhere]],
    ['signed_out_everywhere', 'none', ['You signed out everywhere at 14:02.', everywhere]],
    [
      'signed_out_everywhere',
      'may_be_alive',
      ['You signed out everywhere at 14:02.', everywhere, ASKS_AGAIN],
    ],
    ['demanded', 'ended', ['Your company signed you out at 14:02.', everywhere, ENDED_TOO]],
    ['demanded', 'may_be_alive', ['Your company signed you out at 14:02.', everywhere, ASKS_AGAIN]],
    [
      'provider_signed_out',
      'ended',
      [/^Your session at the sign-in service of White Rabbit was ended/, HERE],
    ],
    ['provider_signed_out', 'may_be_alive', [/^Your session at the sign/, HERE, MAY_BE_ALIVE]],
    ['provider_required', 'may_be_alive', [/^Your company now signs its people in/, HERE, MAY_BE_ALIVE]],
    ['password_changed', 'none', [/^Your password was changed at 14:02/, HERE]],
    ['replaced', 'may_be_alive', [/^Somebody signed in again in this browser at 14:02/, HERE, MAY_BE_ALIVE]],
    ['moved', 'none', [/^Your account was moved to White Rabbit at 14:02/, HERE]],
    ['idle', 'may_be_alive', [/^You were signed out at 14:02, because you had not used/, HERE, MAY_BE_ALIVE]],
    ['expired', 'none', [/^You were signed out at 14:02, because a sign-in lasts/, HERE]],
    ['deactivated', 'none', [/^Your company closed your account at 14:02/, HERE]],
    ['policy_changed', 'none', [/^Your company shortened how long a sign-in lasts at 14:02/, HERE]],
  ])('%s, %s', async (cause, provider, sentences) => {
    const { address } = page(known({ ended: endedBy(cause), provider, orgName: 'White Rabbit' }));
    const all = await said('You are signed out');
    expect(all).toHaveLength(sentences.length);
    sentences.forEach((sentence, at) => {
      if (typeof sentence === 'string') expect(all[at]).toBe(sentence);
      else expect(all[at]).toMatch(sentence);
    });
    expect(address()).toBe('/signed-out');
    expect(leaveFor).not.toHaveBeenCalled();
  });

  test('where nothing has ended', async () => {
    page(known());
    expect(await said('You are signed out')).toEqual(['Nobody is signed in to Curfew in this browser.']);
  });

  test('where the company has no name', async () => {
    page(known({ ended: endedBy('signed_out'), provider: 'may_be_alive' }));
    expect((await said('You are signed out')).at(-1)).toMatch(
      /^Your session at your company’s sign-in service may/,
    );
  });
});

test('somebody who is signed in is told so, and led to their todos', async () => {
  const { server, user, address } = page(
    known({ signedIn: true, ended: endedBy('replaced'), provider: 'may_be_alive' }),
  );
  expect(await said('You are signed in')).toEqual(['This browser has an open session of Curfew.']);
  expect(screen.queryByRole('link', { name: 'Sign in again' })).toBeNull();
  server.signedIn(niobe, [todo('Buy milk')]);
  await user.click(screen.getByRole('link', { name: 'Go to your todos' }));
  await screen.findByRole('checkbox', { name: 'Buy milk' });
  expect(address()).toBe('/');
});

test('signing in again takes a press of the button, and begins with the address', async () => {
  const { server, user, address, router } = page(known({ ended: endedBy('signed_out'), provider: 'ended' }));
  server.on('GET /api/users/me', problem(401, 'sign_in_required'));
  await said('You are signed out');
  await user.click(screen.getByRole('link', { name: 'Sign in again' }));
  await screen.findByLabelText('Email');
  expect(address()).toBe('/signin');
  expect(router.history.length).toBe(1);
  expect(leaveFor).not.toHaveBeenCalled();
});

describe('the state that a provider brings back', () => {
  test.each(['yD-3_q', '1234567890123456789012', '007', 'true', '"x"', 'a b&c=d'])(
    '%j is passed on as it is, and taken out of the address',
    async (state) => {
      const query = new URLSearchParams({ state }).toString();
      const { asked, address, router, queryClient } = page(
        known({ provider: 'ended' }),
        `/signed-out?${query}`,
      );
      await said('You are signed out');
      await waitFor(() => {
        expect(address()).toBe('/signed-out');
      });
      expect(router.history.length).toBe(1);
      expect(asked.map(({ searchParams }) => searchParams.get('state'))).toEqual([state]);
      // Whatever is asked later in this page is asked with it, so that the answer does not get worse.
      await queryClient.invalidateQueries();
      expect(asked.map(({ searchParams }) => searchParams.get('state'))).toEqual([state, state]);
    },
  );

  test('is not made up where there is none', async () => {
    const { asked } = page(known(), '/signed-out?other=1');
    await said('You are signed out');
    expect(asked.map(({ search }) => search)).toEqual(['']);
  });
});

describe('before there is an answer', () => {
  test('a page that was loaded claims nothing', async () => {
    const answer = later();
    page(answer.promise);
    expect(await said('Signing out')).toEqual(['This page shows nothing of yours.']);
    const region = screen.getByRole('status');
    answer.answer(known({ ended: endedBy('signed_out') }));
    await screen.findByRole('heading', { name: 'You are signed out' });
    // The same region, or a screen reader would not notice.
    expect(screen.getByRole('status')).toBe(region);
  });

  test('and where none comes, a page that was loaded claims nothing, and can ask again', async () => {
    const { answering, user } = page(new TypeError('Failed to fetch'));
    await screen.findByText(/can’t be reached/);
    expect(await said('Signing out')).toEqual([
      'This page shows nothing of yours.',
      'Which of your sessions have ended, this page can’t say at the moment.',
    ]);
    expect(screen.getByRole('link', { name: 'Sign in again' })).toBeTruthy();
    answering(known({ ended: endedBy('signed_out') }));
    await user.click(screen.getByRole('button', { name: 'Try again' }));
    await screen.findByText('You signed out at 14:02.');
    expect(screen.queryByRole('alert')).toBeNull();
  });

  test('a tab that has just left knows that much, and no more', async () => {
    const server = fakeApi();
    server.signedIn(niobe);
    server.on('POST /api/signout', () => Response.json({ continueAt: null }));
    server.on(ASK, problem(503, 'unavailable'));
    const { user } = renderApp('/');
    await user.click(await screen.findByRole('button', { name: 'Sign out' }));
    await user.click(screen.getByRole('button', { name: 'Sign out of Curfew' }));
    await screen.findByText('Sentence of unavailable.');
    expect(await said('You are signed out')).toEqual([
      HERE,
      'Which of your other sessions have ended, this page can’t say at the moment.',
    ]);
  });

  test('a 401, which never comes, ends nothing and leads nowhere', async () => {
    const { address } = page(problem(401, 'session_ended'));
    await screen.findByText('Sentence of session_ended.');
    expect(address()).toBe('/signed-out');
  });
});

test('a sign-in in another tab is noticed', async () => {
  const { answering } = page(known({ ended: endedBy('signed_out') }));
  await said('You are signed out');
  answering(known({ signedIn: true }));
  const channel = new BroadcastChannel('curfew-session');
  onTestFinished(() => {
    channel.close();
  });
  channel.postMessage('changed');
  await screen.findByRole('heading', { name: 'You are signed in' });
});
