/** Who a company lets in, as an administrator says at its own provider, by the buttons there: told to the app by SCIM. */
import type { Page } from '@playwright/test';
import {
  administration,
  employee,
  expectLaterThan,
  press,
  second,
  signInThere,
  toProvider,
} from './provider';
import { add, enterEmail, enterPassword, expect, test, todo, type Person } from './support';

const TASK = 'Follow the white rabbit';

/** Presses a button of the administration page that is about a person, and reads what came of it. */
async function have(admin: Page, act: string, person: Person, outcome: RegExp): Promise<void> {
  await press(admin.getByRole('button', { name: `${act} ${person.name}`, exact: true }));
  await expect(itemOf(admin, person).getByRole('status')).toHaveText(outcome);
}

const itemOf = (admin: Page, { email }: Person) =>
  admin.getByRole('listitem').filter({ has: admin.getByText(email, { exact: true }) });

async function unfold(admin: Page, person: Person): Promise<void> {
  await itemOf(admin, person).getByText('Rename, or give a role').click();
}

/** The page of the API itself that says why a sign-in came to nothing. */
async function expectRefused(page: Page): Promise<void> {
  await expect(page.getByRole('heading', { name: 'You are not signed in' })).toBeVisible();
  await expect(page.getByRole('alert')).toContainText('Your account here is deactivated.');
}

async function expectAtSignIn(page: Page): Promise<void> {
  await expect(page.getByRole('heading', { name: 'Sign in' })).toBeVisible();
  await expect(page.getByLabel('Email')).toBeEditable();
  await expect(todo(page, TASK)).toHaveCount(0);
}

/** From the provider's page with the password, but not back: the address at which the app awaits that browser. */
async function holdOnTheWayBack(page: Page, { email, password }: Person): Promise<string> {
  const { request } = page.context();
  let answer = await request.post(page.url(), { form: { email, password }, maxRedirects: 0 });
  for (;;) {
    const next = answer.headers().location ?? '';
    if (next.includes('/openid/callback/')) return next;
    answer = await request.get(next, { maxRedirects: 0 });
  }
}

test('whoever is unassigned is out everywhere at once, and comes in no more', async ({
  page,
  browser,
  request,
}) => {
  const trinity = await employee(request);
  const [elsewhere, onTheWay] = [await browser.newContext(), await browser.newContext()];
  const [otherPage, halfway] = [await elsewhere.newPage(), await onTheWay.newPage()];
  await signInThere(page, trinity);
  await add(page, TASK);
  await signInThere(otherPage, trinity);
  await expect(todo(otherPage, TASK)).toBeVisible();
  await halfway.goto('/');
  await toProvider(halfway, trinity);

  const admin = await administration(page);
  await have(admin, 'Unassign', trinity, /^Unassigned/);
  const unassigned = second();
  for (const each of [page, otherPage]) {
    await expectAtSignIn(each);
    await expect(each).toHaveURL(/\/signin(\?|$)/);
    await expect(each.getByRole('status')).toContainText('Your company closed your account');
  }

  // Neither by a sign-in that had begun, with the password given now, nor by a new one.
  await expectLaterThan(unassigned);
  await enterPassword(halfway, trinity.password);
  await expectRefused(halfway);
  await enterEmail(page, trinity.email);
  await expectRefused(page);
  for (const context of [elsewhere, onTheWay]) await context.close();
});

test('whoever is assigned again comes in anew, and nothing old comes alive', async ({
  page,
  browser,
  request,
}) => {
  const trinity = await employee(request);
  const onTheWay = await browser.newContext();
  const halfway = await onTheWay.newPage();
  await signInThere(page, trinity);
  await add(page, TASK);
  await halfway.goto('/');
  await toProvider(halfway, trinity);
  const wayBack = await holdOnTheWayBack(halfway, trinity);
  const cookies = await page.context().storageState();

  const admin = await administration(page);
  await have(admin, 'Unassign', trinity, /^Unassigned/);
  await expectAtSignIn(page);
  await have(admin, 'Assign', trinity, /^Assigned/);
  const assigned = second();

  const revived = await browser.newContext({ storageState: cookies });
  const old = await revived.newPage();
  for (const each of [old, page]) {
    await each.goto('/');
    await expectAtSignIn(each);
  }
  // That password was given before it all.
  await halfway.goto(wayBack);
  await expect(halfway.getByRole('heading', { name: 'Sign in again' })).toBeVisible();

  await expectLaterThan(assigned);
  await toProvider(page, trinity);
  for (const each of [halfway, page]) {
    await enterPassword(each, trinity.password);
    await expect(todo(each, TASK)).not.toBeChecked();
  }
  for (const context of [onTheWay, revived]) await context.close();
});

test('whoever is assigned is there before they come, and has their new name at the next load', async ({
  page,
  request,
}) => {
  const neo = await employee(request);
  const admin = await administration(page);
  await have(admin, 'Assign', neo, /^Assigned: Curfew has them as [0-9a-f-]{36}\.$/);
  await expect(
    admin.getByRole('listitem').filter({ hasText: neo.name }).getByText('POST /Users'),
  ).toBeVisible();
  await signInThere(page, neo);

  const renamed = { ...neo, name: `The One ${neo.name}` };
  await unfold(admin, neo);
  await itemOf(admin, neo).getByLabel('Name', { exact: true }).fill(renamed.name);
  await press(admin.getByRole('button', { name: `Rename ${neo.name}`, exact: true }));
  await expect(itemOf(admin, renamed).getByRole('status')).toHaveText('Renamed, here and at Curfew.');
  await page.reload();
  await expect(page.getByRole('banner')).toContainText(renamed.name);
});

test('whoever is made an auditor at the provider sees where the company is signed in', async ({
  page,
  request,
}) => {
  const person = await employee(request);
  await signInThere(page, person, '/org/sessions');
  await expect(page.getByRole('heading', { name: 'Not for you to see' })).toBeVisible();

  const admin = await administration(page);
  await press(admin.getByRole('button', { name: 'Find roles for White Rabbit' }));
  await unfold(admin, person);
  await itemOf(admin, person).getByLabel('Role', { exact: true }).selectOption('Auditor');
  await press(admin.getByRole('button', { name: `Give ${person.name} the role` }));
  await expect(itemOf(admin, person).getByRole('status')).toHaveText('Curfew says: Auditor.');
  await page.reload();
  await expect(
    page.getByRole('region', { name: 'People' }).getByRole('heading', { name: `${person.name} (you)` }),
  ).toBeVisible();
});
