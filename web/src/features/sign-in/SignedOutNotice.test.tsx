/** The notice on the sign-in page after a forced sign-out: there at once, and why as soon as that is known. */
import { act, screen, waitFor } from '@testing-library/react';
import { expect, onTestFinished, test, vi } from 'vitest';
import {
  type Answer,
  endedBy,
  fakeApi,
  known,
  later,
  noContent,
  problem,
  sessionEnded,
  signInRequired,
  todo,
  trinity,
} from '../../test/fake-api';
import { renderApp } from '../../test/render-app';

const ASK = 'GET /api/signed-out';
const PLAIN = 'You have been signed out. Sign in again to go on.';
const DEMANDED = 'Your company signed you out at 14:02. Sign in again to go on.';

const CLOSED =
  'Your company closed your account at 14:02, which signed you out everywhere. If that is a mistake, ask your administrator.';

const byTheCompany = () =>
  known({ ended: endedBy('demanded'), provider: 'may_be_alive', orgName: 'White Rabbit' });

/** A todo list that is forced to the sign-in page, where somebody knows why, or does not yet. */
async function forcedOut(answer: Answer) {
  const server = fakeApi();
  server.signedIn(trinity, [todo('Buy milk')]);
  server.on(ASK, answer);
  const app = renderApp('/');
  await screen.findByRole('checkbox', { name: 'Buy milk' });
  server.signedOut();
  await app.queryClient.invalidateQueries();
  await screen.findByRole('heading', { name: 'Sign in' });
  return { server, notice: screen.getByRole('status'), ...app };
}

test('stands there at once, and says why when the answer comes', async () => {
  const answer = later();
  const { notice, user } = await forcedOut(answer.promise);
  expect(notice.textContent).toBe(PLAIN);
  // The page does not wait: one may type meanwhile, and keeps the place.
  await user.type(screen.getByLabelText('Email'), 'tri');
  answer.answer(byTheCompany());
  await waitFor(() => {
    expect(notice.textContent).toBe(DEMANDED);
  });
  expect(screen.getByLabelText('Email')).toHaveProperty('value', 'tri');
  expect(document.activeElement).toBe(screen.getByLabelText('Email'));
});

test.each<[string, () => Response | Error, string]>([
  ['why is known', byTheCompany, DEMANDED],
  ['there is no signing in again', () => known({ ended: endedBy('deactivated') }), CLOSED],
  ['the API knows of nothing that ended', () => known(), PLAIN],
  ['the API can’t be reached', () => new TypeError('Failed to fetch'), PLAIN],
  ['the API fails', () => problem(503, 'unavailable'), PLAIN],
  ['the API refuses, which it never does', () => sessionEnded(), PLAIN],
  ['the answer has no time in it', () => known({ ended: { at: 'x', cause: 'demanded' } }), PLAIN],
])('is heard once when %s', async (_, answer, sentence) => {
  const due = later();
  const answered = due.promise.then(() => {
    const given = answer();
    if (given instanceof Error) throw given;
    return given;
  });
  const { notice } = await forcedOut(answered);
  expect(notice.getAttribute('aria-live')).toBe('off');
  const before = notice.firstElementChild;
  due.answer(noContent());
  await waitFor(() => {
    expect(notice.getAttribute('aria-live')).toBe('polite');
  });
  expect(notice.textContent).toBe(sentence);
  // A region speaks of what is put into it, not of what was there.
  expect(notice.firstElementChild).not.toBe(before);
});

test('is heard also when no answer ever comes', async () => {
  const patience = new AbortController();
  const timeout = vi.spyOn(AbortSignal, 'timeout').mockReturnValue(patience.signal);
  const { notice } = await forcedOut(
    ({ signal }) =>
      new Promise((_, reject) => {
        signal.addEventListener('abort', () => {
          reject(new DOMException('', 'AbortError'));
        });
      }),
  );
  expect(timeout).toHaveBeenCalledWith(3000);
  expect(notice.getAttribute('aria-live')).toBe('off');
  act(() => {
    patience.abort();
  });
  await waitFor(() => {
    expect(notice.getAttribute('aria-live')).toBe('polite');
  });
  expect(notice.textContent).toBe(PLAIN);
});

test('is not changed again by whatever other tabs say', async () => {
  const { notice, server } = await forcedOut(byTheCompany());
  await waitFor(() => {
    expect(notice.textContent).toBe(DEMANDED);
  });
  const paragraph = notice.firstElementChild;
  server.on(ASK, known({ ended: endedBy('replaced') }));
  const asked = server.countOf('GET /api/users/me');
  const channel = new BroadcastChannel('curfew-session');
  onTestFinished(() => {
    channel.close();
  });
  channel.postMessage('changed');
  await waitFor(() => {
    expect(server.countOf('GET /api/users/me')).toBe(asked + 1);
  });
  expect(notice.firstElementChild).toBe(paragraph);
  expect(notice.textContent).toBe(DEMANDED);
  expect(server.countOf(ASK)).toBe(1);
});

test('of a page that was opened after the end says why, too', async () => {
  const server = fakeApi({ 'GET /api/users/me': sessionEnded(), [ASK]: byTheCompany() });
  const { address } = renderApp('/account/password');
  await screen.findByText(DEMANDED);
  expect(address()).toBe(`/signin?next=${encodeURIComponent('/account/password')}`);
  expect(server.countOf(ASK)).toBe(1);
});

test('is not there, and nobody asks why, where nobody was signed out', async () => {
  const server = fakeApi({ 'GET /api/users/me': signInRequired(), [ASK]: byTheCompany() });
  renderApp('/signin');
  await screen.findByLabelText('Email');
  await waitFor(() => {
    expect(server.countOf('GET /api/users/me')).toBe(1);
  });
  expect(screen.getByRole('status').textContent).toBe('');
  expect(server.countOf(ASK)).toBe(0);
});

test('goes with the sign-in that follows it, and a late answer brings nothing back', async () => {
  const answer = later();
  const { user, server } = await forcedOut(answer.promise);
  server.signedIn(trinity, [todo('Buy milk')]);
  await user.type(screen.getByLabelText('Email'), 'someone@whiterabbit.fake{Enter}');
  await user.type(await screen.findByLabelText('Password'), 'Zion{Enter}');
  await screen.findByRole('checkbox', { name: 'Buy milk' });
  await act(async () => {
    answer.answer(byTheCompany());
    await answer.promise;
  });
  expect(screen.queryByText(/Sign in again/)).toBeNull();
});
