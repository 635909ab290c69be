import { screen, waitFor, within } from '@testing-library/react';
import { describe, expect, test } from 'vitest';
import { fakeApi, json, later, niobe, orgSession, problem, trinity } from '../../test/fake-api';
import { renderApp } from '../../test/render-app';

const GET = 'GET /api/org/policy';
const PUT = 'PUT /api/org/policy';

const owner = { ...trinity, orgKind: 'company', orgSlug: 'whiterabbit.fake', role: 'owner' };
const policy = {
  idleTimeoutSeconds: 1800,
  absoluteLifetimeSeconds: 43_200,
  privilegedAuthAgeSeconds: 900,
  endsProviderSession: false,
};

const IDLE = 'Sign people out when they have not used Curfew for';
const ABSOLUTE = 'Sign people out, however active they are, after';
const PRIVILEGED = /^Ask people to confirm who they are/;
const ENDS = 'Signing out of Curfew also ends the session at the company’s sign-in service';

async function page(stored = policy, person = owner) {
  const server = fakeApi();
  server.signedIn(person);
  server.on(GET, json(200, stored));
  const app = renderApp('/org/policy');
  await screen.findByText(IDLE);
  return { server, sent: () => server.calls.filter(({ call }) => call === PUT), ...app };
}

/** What would end, and what the API says to saving. Without an answer of its own it stores what it is given. */
function answering(server: ReturnType<typeof fakeApi>, ending: unknown[], saved?: Response) {
  server.on(PUT, async (request) => {
    if (new URL(request.url).searchParams.get('dry_run') === 'true') {
      return json(200, { total: ending.length, sessions: ending, next: null });
    }
    if (saved) return saved;
    const body: unknown = await request.clone().json();
    server.on(GET, json(200, body));
    return json(200, body);
  });
}

const field = (label: string | RegExp) => screen.getByLabelText<HTMLInputElement>(label);
const around = (label: string | RegExp) => field(label).closest<HTMLElement>('.field') ?? document.body;
const unit = (label: string | RegExp) => within(around(label)).getByRole<HTMLSelectElement>('combobox');
const button = (name: string) => screen.getByRole('button', { name });
const shown = (label: string | RegExp) => `${field(label).value} ${unit(label).value}`;

type User = Awaited<ReturnType<typeof page>>['user'];
async function type(user: User, label: string, amount: string) {
  await user.clear(field(label));
  if (amount !== '') await user.type(field(label), amount);
}

describe('what is stored', () => {
  test.each([
    [policy, ['30 minutes', '12 hours', '15 minutes']],
    [
      {
        idleTimeoutSeconds: 3600,
        absoluteLifetimeSeconds: 172_800,
        privilegedAuthAgeSeconds: 60,
        endsProviderSession: true,
      },
      ['1 hours', '2 days', '1 minutes'],
    ],
    // Set by somebody else than this page: it is not rounded in silence.
    [
      { ...policy, idleTimeoutSeconds: 90, absoluteLifetimeSeconds: 5400 },
      ['90 seconds', '90 minutes', '15 minutes'],
    ],
  ])('is shown in its natural unit (%#)', async (stored, words) => {
    await page(stored);
    expect([IDLE, ABSOLUTE, PRIVILEGED].map(shown)).toEqual(words);
    expect(screen.getByLabelText<HTMLInputElement>(ENDS).checked).toBe(stored.endsProviderSession);
  });

  test('is read by auditors, who can change nothing', async () => {
    await page(policy, { ...owner, role: 'auditor' });
    expect(screen.getAllByRole('definition').map(({ textContent }) => textContent)).toEqual([
      '30 minutes',
      '12 hours',
      '15 minutes',
      'No',
    ]);
    expect(document.querySelector('input, select')).toBeNull();
    expect(screen.queryByRole('button', { name: 'Save' })).toBeNull();
    expect(screen.getByText('The owners and admins of White Rabbit can change this.')).toBeTruthy();
  });

  test('is waited for, and asked for again where it can’t be had', async () => {
    const server = fakeApi();
    server.signedIn(owner);
    const answer = later();
    server.on(GET, answer.promise);
    const { user } = renderApp('/org/policy');
    await screen.findByText('Loading…');
    answer.answer(problem(503, 'unavailable'));
    await screen.findByText('Sentence of unavailable.');
    server.on(GET, json(200, policy));
    await user.click(button('Try again'));
    await screen.findByText(IDLE);
  });

  test('by somebody else meanwhile is shown, unless one is typing', async () => {
    const { server, user, queryClient } = await page();
    server.on(GET, json(200, { ...policy, idleTimeoutSeconds: 600 }));
    await queryClient.invalidateQueries();
    await waitFor(() => {
      expect(shown(IDLE)).toBe('10 minutes');
    });
    await type(user, IDLE, '20');
    server.on(GET, json(200, policy));
    await queryClient.invalidateQueries();
    expect(shown(IDLE)).toBe('20 minutes');
  });
});

describe('before it is sent', () => {
  test.each([
    [IDLE, '', 'minutes', 'Enter a number, please.'],
    [IDLE, 'half', 'minutes', 'Enter a number, please.'],
    [IDLE, '-5', 'minutes', 'Enter a number, please.'],
    [IDLE, '0,5', 'minutes', 'At least 1 minute, please.'],
    [IDLE, '25', 'hours', 'At most 24 hours, please.'],
    [IDLE, '13', 'hours', 'This can’t be longer than people stay signed in at all.'],
    [ABSOLUTE, '4', 'minutes', 'At least 5 minutes, please.'],
    [ABSOLUTE, '31', 'days', 'At most 30 days, please.'],
  ])('%s %j %s is refused at its field', async (label, amount, of, complaint) => {
    const { user, sent } = await page();
    await user.selectOptions(unit(label), of);
    await type(user, label, amount);
    await user.click(button('Save'));
    expect(around(label).textContent).toContain(complaint);
    expect(document.activeElement).toBe(field(label));
    expect(field(label).getAttribute('aria-invalid')).toBe('true');
    const described = field(label).getAttribute('aria-describedby')?.split(' ') ?? [];
    expect(described.map((id) => document.getElementById(id)?.textContent).at(-1)).toBe(complaint);
    expect(sent()).toEqual([]);

    await user.type(field(label), '1');
    expect(screen.queryByText(complaint)).toBeNull();
  });

  test('what has not changed is not saved', async () => {
    const { user, sent } = await page();
    await user.click(button('Save'));
    await screen.findByText('Nothing to save: that is how it is already.');
    expect(sent()).toEqual([]);
  });
});

describe('saving', () => {
  test('what ends nothing is saved at once', async () => {
    const { server, user, sent } = await page();
    answering(server, []);
    await type(user, IDLE, '1');
    await user.selectOptions(unit(IDLE), 'hours');
    await user.click(screen.getByLabelText(ENDS));
    await user.click(button('Save'));
    await screen.findByText('Saved.');
    expect(sent().at(-1)?.body).toEqual({ ...policy, idleTimeoutSeconds: 3600, endsProviderSession: true });
    expect(sent()).toHaveLength(2);
    expect(shown(IDLE)).toBe('1 hours');
    expect(screen.queryByRole('button', { name: /^Save and/ })).toBeNull();
  });

  test('what ends something says so first, and then saves just that', async () => {
    const { server, user, sent, queryClient } = await page();
    const ending = [
      orgSession('a', niobe),
      orgSession('b', niobe),
      orgSession('here', trinity, { current: true }),
    ];
    answering(server, ending);
    await type(user, ABSOLUTE, '8');
    await user.click(button('Save'));
    const question = await screen.findByText(
      'Saving this ends 3 sessions of 2 people now, because they are older than 8 hours. This browser’s is among them.',
    );
    expect(document.activeElement?.contains(question)).toBe(true);
    expect(sent()).toHaveLength(1);

    await user.click(button('Save and end 3 sessions'));
    await screen.findByText('Saved. 3 sessions have ended.');
    expect(sent().map(({ body }) => body)).toEqual(
      Array.from({ length: 2 }, () => ({ ...policy, absoluteLifetimeSeconds: 28_800 })),
    );
    expect(screen.queryByText(/^Saving this/)).toBeNull();
    expect(document.activeElement).toBe(button('Save'));
    expect(shown(ABSOLUTE)).toBe('8 hours');

    // What was typed is done with: what somebody else stores next is shown.
    server.on(GET, json(200, policy));
    await queryClient.invalidateQueries();
    await waitFor(() => {
      expect(shown(ABSOLUTE)).toBe('12 hours');
    });
  });

  test('is not done by “Back”, nor once something else is typed', async () => {
    const { server, user, sent } = await page();
    answering(server, [orgSession('a', niobe)]);
    await type(user, IDLE, '10');
    await user.click(button('Save'));
    await screen.findByText(
      'Saving this ends 1 session of 1 person now, because they have not been used for 10 minutes.',
    );
    await user.click(button('Back'));
    expect(screen.queryByText(/^Saving this/)).toBeNull();
    expect(document.activeElement).toBe(button('Save'));
    expect(shown(IDLE)).toBe('10 minutes');

    await user.click(button('Save'));
    await screen.findByText(/^Saving this/);
    await user.type(field(IDLE), '5');
    expect(screen.queryByText(/^Saving this/)).toBeNull();
    expect(sent()).toHaveLength(2);
    expect(sent().every(({ body }) => (body as typeof policy).idleTimeoutSeconds === 600)).toBe(true);
  });

  test('that ends one’s own session leads to sign-in', async () => {
    const { server, user } = await page();
    answering(server, [orgSession('here', trinity, { current: true })]);
    await type(user, IDLE, '10');
    await user.click(button('Save'));
    await screen.findByText(/^Saving this/);
    server.on(PUT, () => {
      server.signedOut();
      return json(200, policy);
    });
    await user.click(button('Save and end 1 session'));
    await screen.findByText('You have been signed out. Sign in again to go on.');
  });

  test.each([
    ['at once', true],
    ['only then', false],
  ])('that the API refuses %s says so at the field', async (_, atOnce) => {
    const { server, user } = await page();
    const errors = [{ field: 'absoluteLifetimeSeconds', code: 'range', message: 'Not that long.' }];
    const refusal = problem(400, 'invalid_fields', { errors });
    if (atOnce) server.on(PUT, refusal);
    else answering(server, [], refusal);
    await type(user, ABSOLUTE, '20');
    await user.click(button('Save'));
    await screen.findByText('Not that long.');
    expect(around(ABSOLUTE).textContent).toContain('Not that long.');
    expect(document.activeElement).toBe(field(ABSOLUTE));
    expect(screen.queryByRole('alert')).toBeNull();
  });

  test.each([
    ['looking at what would end', [], true],
    ['saving what ends nothing', [], false],
    ['saving what ends something', [orgSession('a', niobe)], false],
  ])('that fails while %s keeps what was typed, and can be tried again', async (_, ending, atOnce) => {
    const { server, user } = await page();
    const failure = problem(503, 'unavailable');
    if (atOnce) server.on(PUT, failure);
    else answering(server, ending, failure);
    await type(user, IDLE, '20');
    await user.click(button('Save'));
    if (ending.length > 0) await user.click(await screen.findByRole('button', { name: /^Save and/ }));
    const alert = await screen.findByRole('alert');
    expect(screen.getAllByRole('alert')).toHaveLength(1);
    expect(alert.textContent).toContain('Sentence of unavailable.');
    expect(shown(IDLE)).toBe('20 minutes');
    answering(server, ending);
    await user.click(within(alert).getByRole('button', { name: 'Try again' }));
    await screen.findByText(/^Saved\./);
    expect(screen.queryByRole('alert')).toBeNull();
  });
});
