import { screen, waitFor, within } from '@testing-library/react';
import { describe, expect, test } from 'vitest';
import {
  agents,
  fakeApi,
  json,
  later,
  niobe,
  noContent,
  orgSession,
  problem,
  trinity,
} from '../../test/fake-api';
import { renderApp } from '../../test/render-app';

const LIST = 'GET /api/org/sessions';
const REVOKE = 'POST /api/org/revoke';
const REVOKE_NIOBE = `POST /api/org/users/${niobe.id}/revoke`;

const inCompany = { orgKind: 'company', orgSlug: 'whiterabbit.fake' };
const owner = { ...trinity, ...inCompany, role: 'owner' };

const here = orgSession('here', trinity, { current: true, ip: '2001:db8::1' });
const laptop = orgSession('laptop', niobe, { signInMethod: 'oidc' });
const phone = orgSession('phone', niobe, { agent: agents.iphone, ip: '198.51.100.9', signInMethod: 'oidc' });

const listOf = (sessions: unknown[], more: Record<string, unknown> = {}) =>
  json(200, { total: sessions.length, sessions, next: null, ...more });

async function page(sessions: unknown[] = [laptop, here, phone], person = owner) {
  const server = fakeApi();
  server.signedIn(person);
  server.on(LIST, listOf(sessions));
  const app = renderApp('/org/sessions');
  await screen.findByRole('region', { name: 'People' });
  return { server, ...app };
}

/** Answers what would end by the page that is asked for, and ends when it is no dry run. */
function answering(server: ReturnType<typeof fakeApi>, call: string, pages: unknown[][], end = noContent()) {
  const total = pages.flat().length;
  server.on(call, ({ url }) => {
    const { searchParams } = new URL(url);
    if (searchParams.get('dry_run') !== 'true') return end;
    const at = Number(searchParams.get('before') ?? 0);
    return listOf(pages[at] ?? [], { total, next: at + 1 < pages.length ? String(at + 1) : null });
  });
}

const people = () => screen.queryAllByRole('heading', { level: 2 }).map(({ textContent }) => textContent);
const sessionsOf = (name: string) =>
  within(screen.getByRole('list', { name: `Sessions of ${name}` }))
    .getAllByRole('listitem')
    .map(({ textContent }) => textContent);
const button = (name: string) => screen.getByRole('button', { name });

describe('the list', () => {
  test('has each person once, whoever signed in last first, with what is known of each session', async () => {
    await page();
    expect(people()).toEqual(['Niobe', 'Trinity (you)']);
    expect(screen.getByText('3 sessions of 2 people are open.')).toBeTruthy();
    expect(screen.getByText(niobe.email)).toBeTruthy();
    const [first, second] = sessionsOf('Niobe');
    expect(first).toMatch(
      /^Chrome on WindowsLast used 5 minutes ago, signed in .*at \d\d:\d\d at White Rabbit, from 203\.0\.113\.7$/,
    );
    expect(second).toMatch(/^Safari on iPhone.*from 198\.51\.100\.9$/);
    expect(sessionsOf('Trinity')[0]).toMatch(
      /^Chrome on Windows \(this browser\).* with a password, from 2001:db8::1$/,
    );
  });

  test('of one session is counted as one', async () => {
    await page([here]);
    expect(screen.getByText('1 session of 1 person is open.')).toBeTruthy();
  });

  test('is read on when told so, and says when that was all', async () => {
    const server = fakeApi();
    server.signedIn(owner);
    server.on(LIST, ({ url }) =>
      url.endsWith('?before=id-of-here')
        ? listOf([phone], { total: 3 })
        : listOf([laptop, here], { total: 3, next: 'id-of-here' }),
    );
    const { user } = renderApp('/org/sessions');
    await screen.findByText('3 sessions are open. The newest 2 are shown.');
    expect(sessionsOf('Niobe')).toHaveLength(1);
    await user.click(button('Show more'));
    await screen.findByText('3 sessions of 2 people are open.');
    expect(sessionsOf('Niobe')).toHaveLength(2);
    expect(screen.queryByRole('button', { name: 'Show more' })).toBeNull();
    expect(document.activeElement).toBe(screen.getByText('That is everybody.'));
  });

  test('keeps what it has when the rest can’t be read, and tries that again', async () => {
    const server = fakeApi();
    server.signedIn(owner);
    server.on(LIST, listOf([laptop], { total: 2, next: 'x' }));
    const { user } = renderApp('/org/sessions');
    await screen.findByRole('button', { name: 'Show more' });
    server.on(LIST, problem(503, 'unavailable'));
    await user.click(button('Show more'));
    const alert = await screen.findByRole('alert');
    expect(people()).toEqual(['Niobe']);
    server.on(LIST, listOf([here], { total: 2 }));
    await user.click(within(alert).getByRole('button', { name: 'Try again' }));
    await screen.findByText('2 sessions of 2 people are open.');
    expect(screen.queryByRole('alert')).toBeNull();
  });

  test('is waited for, and asked for again where it can’t be had', async () => {
    const server = fakeApi();
    server.signedIn(owner);
    const answer = later();
    server.on(LIST, answer.promise);
    const { user } = renderApp('/org/sessions');
    await screen.findByText('Loading…');
    answer.answer(problem(503, 'unavailable'));
    const alert = await screen.findByRole('alert');
    server.on(LIST, listOf([here]));
    await user.click(within(alert).getByRole('button', { name: 'Try again' }));
    await screen.findByText('1 session of 1 person is open.');
  });
});

describe('the filter', () => {
  test.each([
    ['a name', 'nIO', ['Niobe'], 2],
    ['an address', 'niobe@', ['Niobe'], 2],
    ['a device', ' iphone ', ['Niobe'], 1],
    ['a network address', '198.51', ['Niobe'], 1],
  ])('finds by %s', async (_, text, found, count) => {
    const { user } = await page();
    await user.type(screen.getByLabelText('Find among those shown'), text);
    expect(people()).toEqual(found);
    expect(sessionsOf('Niobe')).toHaveLength(count);
    expect(screen.getByText('1 of 2 people found.')).toBeTruthy();
  });

  test('says when it finds nobody', async () => {
    const { user } = await page();
    await user.type(screen.getByLabelText('Find among those shown'), 'agent smith');
    expect(people()).toEqual([]);
    expect(screen.getByText('0 of 2 people found.')).toBeTruthy();
    await user.clear(screen.getByLabelText('Find among those shown'));
    expect(people()).toHaveLength(2);
  });
});

describe('signing somebody out', () => {
  test('says what will end, ends it, and hands the focus on', async () => {
    const { server, user } = await page();
    answering(server, REVOKE_NIOBE, [[laptop, phone]]);
    await user.click(button('Sign Niobe out'));
    await screen.findByText('2 sessions of Niobe will end: Chrome on Windows, Safari on iPhone.');
    expect(screen.getByText('They will have to sign in again at White Rabbit.')).toBeTruthy();
    const group = screen.getByRole('group');
    expect(document.activeElement).toBe(group);
    expect(server.countOf(REVOKE_NIOBE)).toBe(1);

    server.on(LIST, listOf([here]));
    await user.click(within(group).getByRole('button', { name: 'Sign Niobe out' }));
    await screen.findByText('Niobe is signed out.');
    expect(server.countOf(REVOKE_NIOBE)).toBe(2);
    expect(document.activeElement).toBe(button('Sign Trinity out'));
    await waitFor(() => {
      expect(people()).toEqual(['Trinity (you)']);
    });
  });

  test('of a password’s is told so, and one’s own is called that', async () => {
    const { server, user } = await page();
    answering(server, `POST /api/org/users/${trinity.id}/revoke`, [[here]]);
    await user.click(button('Sign Trinity out'));
    await screen.findByText('1 session of yours will end: Chrome on Windows.');
    expect(screen.getByText('You will have to sign in again with your password.')).toBeTruthy();
  });

  test('of both kinds is not told at which', async () => {
    const { server, user } = await page();
    answering(server, REVOKE_NIOBE, [[laptop, { ...phone, signInMethod: 'password' }]]);
    await user.click(button('Sign Niobe out'));
    await screen.findByText('They will have to sign in again.');
  });

  test('is left by Escape and nothing has ended; where all is over there is nothing to end', async () => {
    const { server, user } = await page();
    answering(server, REVOKE_NIOBE, [[]]);
    await user.click(button('Sign Niobe out'));
    await screen.findByText('Niobe is signed in nowhere any more.');
    expect(within(screen.getByRole('group')).getAllByRole('button')).toEqual([button('Back')]);
    await user.keyboard('{Escape}');
    expect(document.activeElement).toBe(button('Sign Niobe out'));
    expect(server.countOf(REVOKE_NIOBE)).toBe(1);
  });

  test('that fails says why, and can be tried again', async () => {
    const { server, user } = await page();
    answering(server, REVOKE_NIOBE, [[laptop]], problem(403, 'not_allowed'));
    await user.click(button('Sign Niobe out'));
    await screen.findByText(/will end/);
    await user.click(within(screen.getByRole('group')).getByRole('button', { name: 'Sign Niobe out' }));
    const alert = await screen.findByRole('alert');
    expect(alert.textContent).toContain('Sentence of not_allowed.');
    answering(server, REVOKE_NIOBE, [[laptop]]);
    await user.click(within(alert).getByRole('button', { name: 'Try again' }));
    await screen.findByText('Niobe is signed out.');
  });
});

describe('signing everybody out', () => {
  test('counts sessions and people over all pages, oneself among them, and leads to sign-in', async () => {
    const { server, user, address } = await page();
    answering(server, REVOKE, [[laptop, here], [phone]]);
    await user.click(button('Sign everybody out'));
    await screen.findByText('3 sessions of 2 people will end.');
    expect(screen.getByText('You are among them, and will have to sign in again too.')).toBeTruthy();
    expect(server.countOf(REVOKE)).toBe(2);

    server.on(REVOKE, () => {
      server.signedOut();
      return noContent();
    });
    await user.click(button('Sign out 2 people'));
    await screen.findByText('You have been signed out. Sign in again to go on.');
    expect(address()).toBe(`/signin?next=${encodeURIComponent('/org/sessions')}`);
  });

  test('of more than one waits for counts sessions only', async () => {
    const { server, user } = await page();
    answering(
      server,
      REVOKE,
      Array.from({ length: 11 }, () => [laptop]),
    );
    await user.click(button('Sign everybody out'));
    await screen.findByText('11 sessions will end, those of everybody who is signed in.');
    expect(screen.getByText(/^You are among them/)).toBeTruthy();
    expect(
      within(screen.getByRole('group')).getByRole('button', { name: 'Sign everybody out' }),
    ).toBeTruthy();
    expect(server.countOf(REVOKE)).toBe(10);
  });
});

describe('who sees what', () => {
  test('auditors see who is signed in, and nothing to press', async () => {
    await page(undefined, { ...owner, role: 'auditor' });
    expect(people()).toHaveLength(2);
    expect(within(screen.getByRole('region', { name: 'People' })).queryAllByRole('button')).toEqual([]);
    expect(screen.queryByRole('button', { name: 'Sign everybody out' })).toBeNull();
  });

  test.each([
    ['/org/sessions', 'member', 'company', /^Only the owners, admins and auditors of White Rabbit can see/],
    ['/org/policy', 'member', 'company', /^Only the owners, admins and auditors of White Rabbit can see/],
    ['/org/sessions', 'owner', 'personal', /^You use Curfew without a company/],
  ])('%s is not for a %s of a %s org, and asks nothing', async (path, role, orgKind, sentence) => {
    const server = fakeApi();
    const person = { ...owner, role, orgKind };
    server.signedIn(person);
    renderApp(path);
    await screen.findByText(sentence);
    expect(screen.getByRole('heading', { name: 'Not for you to see' })).toBeTruthy();
    expect(server.calls.filter(({ call }) => call.includes('/api/org/'))).toEqual([]);
  });

  test('whoever may not any more is told so by the API', async () => {
    const server = fakeApi();
    server.signedIn(owner);
    server.on(LIST, problem(403, 'not_allowed'));
    renderApp('/org/sessions');
    await screen.findByText('Sentence of not_allowed.');
    expect(screen.queryByRole('button', { name: 'Sign everybody out' })).toBeNull();
  });

  test('the two pages lead to each other', async () => {
    const { server, user, address } = await page();
    server.on('GET /api/org/policy', problem(503, 'unavailable'));
    expect(screen.getByRole('link', { name: 'Signed-in people' }).getAttribute('aria-current')).toBe('page');
    await user.click(screen.getByRole('link', { name: 'Session policy' }));
    await screen.findByRole('heading', { name: 'Session policy' });
    expect(address()).toBe('/org/policy');
  });
});
