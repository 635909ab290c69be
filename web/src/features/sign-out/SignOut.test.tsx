/** Leaving: Curfew only, or the session at the company's provider too. */
import { act, fireEvent, screen, waitFor, within } from '@testing-library/react';
import { beforeEach, describe, expect, test, vi } from 'vitest';
import { leaveFor } from '../../api/leave';
import {
  endedBy,
  fakeApi,
  known,
  later,
  left,
  niobe,
  problem,
  sessionEnded,
  todo,
  trinity,
} from '../../test/fake-api';
import { renderApp } from '../../test/render-app';

vi.mock('../../api/leave', () => ({ leaveFor: vi.fn() }));
beforeEach(() => {
  vi.mocked(leaveFor).mockReset();
});

const SIGN_OUT = 'POST /api/signout';
const END = 'https://sign-in.whiterabbit.fake/session/end?state=x';
const GOING = 'Going to your company’s sign-in service, to sign you out there too…';

async function page(person = niobe) {
  const server = fakeApi();
  server.signedIn(person, [todo('Buy milk')]);
  const app = renderApp('/');
  await screen.findByRole('checkbox', { name: 'Buy milk' });
  const opener = screen.getByRole('button', { name: 'Sign out' });
  const sent = () => server.calls.filter(({ call }) => call === SIGN_OUT).map(({ body }) => body);
  return { server, opener, sent, ...app };
}

const here = () => screen.getByRole('button', { name: 'Sign out of Curfew' });
const thereToo = () => screen.getByRole('button', { name: 'Sign out of White Rabbit too' });
const choices = () => screen.queryAllByRole('button', { name: /^Sign out of/ });

/** What a browser does that has kept the page whole. */
function comeBack() {
  act(() => {
    window.dispatchEvent(Object.assign(new Event('pageshow'), { persisted: true }));
  });
}

test('with a password there is nothing to choose', async () => {
  const { server, opener, sent, user, address } = await page(trinity);
  server.on(SIGN_OUT, left());
  expect(opener.getAttribute('aria-expanded')).toBeNull();
  await user.click(opener);
  await screen.findByRole('heading', { name: 'You are signed out' });
  expect(sent()).toEqual([{ provider: false }]);
  expect(address()).toBe('/signed-out');
  expect(leaveFor).not.toHaveBeenCalled();
});

describe('the choice', () => {
  test('is closed until asked for, and each way says what it does', async () => {
    const { opener, sent, user } = await page();
    expect(opener.getAttribute('aria-expanded')).toBe('false');
    expect(choices()).toEqual([]);
    await user.click(opener);
    expect(opener.getAttribute('aria-expanded')).toBe('true');
    const group = screen.getByRole('group', { name: 'Ways to sign out' });
    expect(group.id).toBe(opener.getAttribute('aria-controls'));
    expect(within(group).getAllByRole('button')).toEqual([here(), thereToo()]);
    expect(describedBy(here())).toMatch(/^Curfew only.*may stay open/);
    expect(describedBy(thereToo())).toMatch(/^Also at your company’s sign-in.*out of other apps/);
    await user.click(opener);
    expect(choices()).toEqual([]);
    expect(sent()).toEqual([]);
  });

  test('can be made with the keyboard alone', async () => {
    const { server, opener, sent, user } = await page();
    server.on(SIGN_OUT, left(END));
    opener.focus();
    await user.keyboard('{Enter}');
    await user.tab();
    expect(document.activeElement).toBe(here());
    await user.tab();
    expect(document.activeElement).toBe(thereToo());
    await user.keyboard('{Enter}');
    await screen.findByText(GOING);
    expect(sent()).toEqual([{ provider: true }]);
  });

  test('is closed by Escape, which leads back to the button', async () => {
    const { opener, user } = await page();
    await user.click(opener);
    await user.tab();
    await user.keyboard('{Escape}');
    expect(choices()).toEqual([]);
    expect(document.activeElement).toBe(opener);
  });

  test('is closed by going elsewhere, and not by going about in it', async () => {
    const { opener, user } = await page();
    await user.click(opener);
    fireEvent.pointerDown(screen.getByText(/^Curfew only/));
    expect(choices()).toHaveLength(2);
    // Nothing that could take the focus.
    await user.click(screen.getByText('White Rabbit'));
    expect(choices()).toEqual([]);

    await user.click(opener);
    await user.tab();
    await user.tab();
    await user.tab();
    expect(document.activeElement).toBe(screen.getByLabelText('New todo'));
    expect(choices()).toEqual([]);
  });
});

test('leaving Curfew only stays here', async () => {
  const { server, opener, sent, user, address } = await page();
  server.on(SIGN_OUT, left());
  server.on('GET /api/signed-out', known({ ended: endedBy('signed_out'), provider: 'may_be_alive' }));
  await user.click(opener);
  await user.click(here());
  await screen.findByText(/may still be open/);
  expect(sent()).toEqual([{ provider: false }]);
  expect(address()).toBe('/signed-out');
  expect(leaveFor).not.toHaveBeenCalled();
});

test('leaving the provider too goes there once the session here has ended, and shows nothing meanwhile', async () => {
  const { server, opener, sent, user, address, router } = await page();
  const answer = later();
  server.on(SIGN_OUT, answer.promise);
  await user.click(opener);
  await user.click(thereToo());
  expect(choices()).toEqual([]);
  expect(document.activeElement).toBe(opener);
  expect(leaveFor).not.toHaveBeenCalled();
  expect(screen.getByText('Buy milk')).toBeTruthy();

  answer.answer(left(END));
  await screen.findByText(GOING);
  expect(screen.getByRole('heading', { name: 'You are signed out' })).toBeTruthy();
  await waitFor(() => {
    expect(vi.mocked(leaveFor).mock.calls).toEqual([[END]]);
  });
  expect(sent()).toEqual([{ provider: true }]);
  expect(screen.queryByText('Buy milk')).toBeNull();
  // What has ended is asked when one is back, not in a page that is about to go.
  expect(server.countOf('GET /api/signed-out')).toBe(0);
  expect(address()).toBe('/signed-out');
  expect(router.history.length).toBe(1);
});

test('a company that ends both sessions anyway is obeyed', async () => {
  const { server, opener, sent, user } = await page();
  server.on(SIGN_OUT, left(END));
  await user.click(opener);
  await user.click(here());
  await waitFor(() => {
    expect(vi.mocked(leaveFor).mock.calls).toEqual([[END]]);
  });
  expect(sent()).toEqual([{ provider: false }]);
});

test('a provider without a page for it is not gone to', async () => {
  const { server, opener, user } = await page();
  server.on(SIGN_OUT, left());
  await user.click(opener);
  await user.click(thereToo());
  await screen.findByText('Nobody is signed in to Curfew in this browser.');
  expect(leaveFor).not.toHaveBeenCalled();
});

test('“back” from the provider says what is known by then, and goes nowhere', async () => {
  const { server, opener, user, address } = await page();
  server.on(SIGN_OUT, left(END));
  await user.click(opener);
  await user.click(thereToo());
  await screen.findByText(GOING);
  server.on('GET /api/signed-out', known({ ended: endedBy('signed_out'), provider: 'may_be_alive' }));
  comeBack();
  await screen.findByText(/may still be open/);
  expect(screen.queryByText(GOING)).toBeNull();
  expect(address()).toBe('/signed-out');
  expect(leaveFor).toHaveBeenCalledTimes(1);
});

test('a 401 that overtakes the answer does not keep one from the provider', async () => {
  const { server, opener, queryClient, user, address } = await page();
  const [answer, read] = [later(), later()];
  server.on(SIGN_OUT, answer.promise);
  server.on('GET /api/todos', read.promise);
  void queryClient.invalidateQueries();
  await user.click(opener);
  await user.click(thereToo());
  read.answer(sessionEnded());
  await screen.findByRole('heading', { name: 'You are signed out' });
  expect(leaveFor).not.toHaveBeenCalled();
  answer.answer(left(END));
  await waitFor(() => {
    expect(vi.mocked(leaveFor).mock.calls).toEqual([[END]]);
  });
  expect(address()).toBe('/signed-out');
});

test.each<[string, () => Response | Error]>([
  ['does not reach the API', () => new TypeError('Failed to fetch')],
  ['the API can’t do', () => problem(503, 'unavailable')],
])('a sign-out that %s is not passed off as one, and is tried again as it was chosen', async (_, failure) => {
  const { server, opener, sent, user, address } = await page();
  server.on(SIGN_OUT, failure());
  await user.click(opener);
  await user.click(thereToo());
  await screen.findByText('You are still signed in.');
  expect(address()).toBe('/');
  expect(leaveFor).not.toHaveBeenCalled();

  server.on(SIGN_OUT, left(END));
  await user.click(within(screen.getByRole('alert')).getByRole('button', { name: 'Try again' }));
  await waitFor(() => {
    expect(leaveFor).toHaveBeenCalledWith(END);
  });
  expect(sent()).toEqual([{ provider: true }, { provider: true }]);
});

test.each([
  ['a password', trinity],
  ['a provider', niobe],
])('leaving is asked for once by somebody with %s', async (_, person) => {
  const { server, opener, sent, user } = await page(person);
  const answer = later();
  server.on(SIGN_OUT, answer.promise);
  await user.click(opener);
  for (const choice of choices().slice(0, 1)) await user.click(choice);
  expect(opener.getAttribute('aria-disabled')).toBe('true');
  await user.click(opener);
  expect(choices()).toEqual([]);
  answer.answer(left());
  await screen.findByRole('heading', { name: 'You are signed out' });
  expect(sent()).toEqual([{ provider: false }]);
});

function describedBy(element: HTMLElement): string | null | undefined {
  return document.getElementById(element.getAttribute('aria-describedby') ?? '')?.textContent;
}
