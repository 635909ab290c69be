import { screen, waitFor, within } from '@testing-library/react';
import { describe, expect, test } from 'vitest';
import {
  agents,
  fakeApi,
  json,
  known,
  later,
  niobe,
  noContent,
  openSession,
  problem,
  sessionEnded,
  trinity,
} from '../../test/fake-api';
import { renderApp } from '../../test/render-app';

const LIST = 'GET /api/sessions';
const REVOKE = 'POST /api/sessions/revoke';

const here = openSession('here', { current: true, lastUsedAt: new Date().toISOString() });
const phone = openSession('phone', { agent: agents.iphone, ip: '2001:db8::7' });
const odd = openSession('odd', { agent: 'curl/8.5.0', ip: null });

const listOf = (...sessions: unknown[]) => json(200, { sessions });

async function page(sessions: unknown[] = [phone, here, odd], person = trinity) {
  const server = fakeApi();
  server.signedIn(person);
  server.on(LIST, listOf(...sessions));
  const app = renderApp('/account/sessions');
  await screen.findByRole('list', { name: 'Sessions' });
  return { server, sent: () => server.calls.filter(({ call }) => call === REVOKE), ...app };
}

/** What would end and what ends are told apart by the address alone. */
function answering(server: ReturnType<typeof fakeApi>, preview: unknown[], end = noContent()) {
  server.on(REVOKE, ({ url }) => (url.endsWith('?dry_run=true') ? listOf(...preview) : end));
}

const rows = () => within(screen.getByRole('list', { name: 'Sessions' })).getAllByRole('listitem');
const button = (name: string) => screen.getByRole('button', { name });
const heading = () => screen.getByRole('heading', { name: 'Where you are signed in' });

describe('the list', () => {
  test('begins with this browser, and says of each what a person can recognise it by', async () => {
    await page();
    const [first, second, third] = rows();
    expect(first?.textContent).toMatch(/^Chrome on WindowsThis browser/);
    expect(first?.textContent).toContain('Last used just nowSigned in ');
    expect(within(first as HTMLElement).queryByRole('button')).toBeNull();
    expect(second?.textContent).toContain('Safari on iPhone');
    expect(second?.textContent).toContain('Last used 5 minutes ago');
    expect(second?.textContent).toMatch(/Signed in (on .*)?at \d\d:\d\d with a password, from 2001:db8::7/);
    expect(second?.textContent).toMatch(
      /Ends by itself (on .*)?at \d\d:\d\d, or (on .*)?at \d\d:\d\d if unused/,
    );
    expect(second?.querySelector('time')?.getAttribute('datetime')).toBe(phone.lastUsedAt);
    expect(third?.textContent).toContain('Unknown browserIt calls itself curl/8.5.0');
  });

  test('says who signed one in, and one end where there is one', async () => {
    const { expiresAt } = here;
    await page([{ ...here, signInMethod: 'oidc', idleExpiresAt: expiresAt }], niobe);
    expect(rows()[0]?.textContent).toContain('at White Rabbit');
    expect(rows()[0]?.textContent).not.toContain('if unused');
  });

  test('with this session alone says so, and has nothing else to end', async () => {
    await page([here]);
    expect(screen.getByText('You are signed in nowhere else.')).toBeTruthy();
    expect(screen.queryByRole('button', { name: 'Sign out everywhere else' })).toBeNull();
    expect(button('Sign out everywhere')).toBeTruthy();
  });

  test('is waited for, and asked for again where it can’t be had', async () => {
    const server = fakeApi();
    server.signedIn(trinity);
    const answer = later();
    server.on(LIST, answer.promise);
    const { user } = renderApp('/account/sessions');
    await screen.findByText('Loading…');
    answer.answer(problem(503, 'unavailable'));
    const alert = await screen.findByRole('alert');
    expect(alert.textContent).toContain('Sentence of unavailable.');
    server.on(LIST, listOf(here));
    await user.click(within(alert).getByRole('button', { name: 'Try again' }));
    await screen.findByText('You are signed in nowhere else.');
    expect(screen.queryByRole('alert')).toBeNull();
  });
});

describe('signing out of one', () => {
  test('takes its row away, says so, and hands the focus to the next', async () => {
    const { server, user } = await page();
    server.on('DELETE /api/sessions/id-of-phone', noContent());
    const sign = button('Sign out: Safari on iPhone');
    expect(document.getElementById(sign.getAttribute('aria-describedby') ?? '')?.textContent).toContain(
      '2001:db8::7',
    );
    await user.click(sign);
    await screen.findByText('Signed out: Safari on iPhone.');
    expect(screen.getByRole('status').textContent).toBe('Signed out: Safari on iPhone.');
    expect(rows()).toHaveLength(2);
    expect(document.activeElement).toBe(button('Sign out: Unknown browser'));

    server.on('DELETE /api/sessions/id-of-odd', noContent());
    await user.keyboard('{Enter}');
    await screen.findByText('You are signed in nowhere else.');
    expect(document.activeElement).toBe(heading());
  });

  test('that is over already brings the list up to date, and is no failure', async () => {
    const { server, user } = await page();
    const list = later();
    server.on('DELETE /api/sessions/id-of-phone', problem(404, 'not_found'));
    server.on(LIST, list.promise);
    await user.click(button('Sign out: Safari on iPhone'));
    await screen.findByText('That session was over already.');
    expect(rows()).toHaveLength(3);
    expect(screen.queryByRole('alert')).toBeNull();
    list.answer(listOf(here, odd));
    await waitFor(() => {
      expect(rows()).toHaveLength(2);
    });
    expect(document.activeElement).toBe(button('Sign out: Unknown browser'));
  });

  test('that fails says so at its row, and can be tried again', async () => {
    const { server, user } = await page();
    server.on('DELETE /api/sessions/id-of-phone', problem(503, 'unavailable'));
    await user.click(button('Sign out: Safari on iPhone'));
    const alert = await within(rows()[1] as HTMLElement).findByRole('alert');
    server.on('DELETE /api/sessions/id-of-phone', noContent());
    await user.click(within(alert).getByRole('button', { name: 'Try again' }));
    await screen.findByText('Signed out: Safari on iPhone.');
  });
});

describe('everywhere else', () => {
  test('says what will end, and ends it when told so', async () => {
    const { server, user, sent, address } = await page();
    answering(server, [phone, odd]);
    await user.click(button('Sign out everywhere else'));
    await screen.findByText('2 other sessions will end: Safari on iPhone, Unknown browser.');
    expect(document.activeElement).toBe(screen.getByRole('group'));
    expect(sent()).toHaveLength(1);

    server.on(LIST, listOf(here));
    await user.click(button('Sign out of 2 sessions'));
    await screen.findByText('Your 2 other sessions have ended.');
    expect(sent().map(({ body }) => body)).toEqual([{ reach: 'others' }, { reach: 'others' }]);
    expect(rows()).toHaveLength(1);
    expect(screen.queryByRole('group')).toBeNull();
    expect(document.activeElement).toBe(heading());
    expect(address()).toBe('/account/sessions');
  });

  test('is left by “Back” and by Escape, and nothing has ended', async () => {
    const { server, user, sent } = await page();
    answering(server, [phone]);
    for (const leave of [() => user.click(button('Back')), () => user.keyboard('{Escape}')]) {
      await user.click(button('Sign out everywhere else'));
      await screen.findByText('1 other session will end: Safari on iPhone.');
      await leave();
      expect(screen.queryByRole('group')).toBeNull();
      expect(document.activeElement).toBe(button('Sign out everywhere else'));
    }
    // Asked anew each time, and never more than asked.
    expect(sent()).toHaveLength(2);
    expect(rows()).toHaveLength(3);
  });

  test('has nothing to end where the others are over meanwhile', async () => {
    const { server, user } = await page();
    answering(server, []);
    await user.click(button('Sign out everywhere else'));
    await screen.findByText('You are signed in nowhere else.');
    expect(screen.queryByRole('button', { name: /^Sign out of/ })).toBeNull();
  });

  test('that can’t be previewed, or fails, says so and can be tried again', async () => {
    const { server, user } = await page();
    const retry = async () =>
      user.click(within(await screen.findByRole('alert')).getByRole('button', { name: 'Try again' }));
    server.on(REVOKE, new TypeError('Failed to fetch'));
    await user.click(button('Sign out everywhere else'));
    await screen.findByText(/can’t be reached/);
    expect(screen.queryByRole('button', { name: /^Sign out of/ })).toBeNull();

    answering(server, [phone], problem(503, 'unavailable'));
    await retry();
    await user.click(await screen.findByRole('button', { name: 'Sign out of 1 session' }));
    await screen.findByText('Sentence of unavailable.');
    answering(server, [phone]);
    await retry();
    await screen.findByText('Your other session has ended.');
  });
});

describe('everywhere', () => {
  test('is one’s own sign-out, in this tab too', async () => {
    const { server, user, address } = await page();
    answering(server, [phone, here]);
    server.on('GET /api/signed-out', known());
    await user.click(button('Sign out everywhere'));
    await screen.findByText('2 sessions will end, this browser’s too: Safari on iPhone, Chrome on Windows.');
    expect(screen.getByText('You will have to sign in again.')).toBeTruthy();
    await user.click(button('Sign out of all 2 sessions'));
    await screen.findByRole('heading', { name: 'You are signed out' });
    expect(address()).toBe('/signed-out');
  });

  test('says that one will have to prove who one is, where a provider asks it', async () => {
    const { server, user } = await page([here], niobe);
    answering(server, [here]);
    await user.click(button('Sign out everywhere'));
    await screen.findByText('Your only session will end: Chrome on Windows, this browser.');
    expect(
      screen.getByText(
        'To sign in again you will have to prove who you are at the sign-in service of White Rabbit.',
      ),
    ).toBeTruthy();
    expect(button('Sign out of 1 session')).toBeTruthy();
  });

  test('overtaken by a 401 is that sign-out, and no forced one', async () => {
    const { server, user, queryClient, address } = await page();
    answering(server, [phone, here]);
    await user.click(button('Sign out everywhere'));
    const answer = later();
    await screen.findByText(/will end/);
    server.on(REVOKE, answer.promise);
    await user.click(button('Sign out of all 2 sessions'));
    server.on(LIST, sessionEnded());
    void queryClient.invalidateQueries({ queryKey: ['get', '/api/sessions'] });
    await screen.findByRole('heading', { name: 'You are signed out' });
    answer.answer(noContent());
    await answer.promise;
    expect(address()).toBe('/signed-out');
  });

  test('that failed leaves one signed in', async () => {
    const { server, user, queryClient } = await page();
    answering(server, [phone, here], problem(503, 'unavailable'));
    await user.click(button('Sign out everywhere'));
    await user.click(await screen.findByRole('button', { name: 'Sign out of all 2 sessions' }));
    await screen.findByText('Sentence of unavailable.');
    expect(rows()).toHaveLength(3);
    // And a 401 that comes after it is a forced sign-out again.
    server.signedOut();
    await queryClient.invalidateQueries();
    await screen.findByText('You have been signed out. Sign in again to go on.');
  });
});
