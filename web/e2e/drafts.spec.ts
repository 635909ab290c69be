/** Nothing that somebody typed is lost, and nobody else gets to see it. */
import type { Page } from '@playwright/test';
import { employee, expectLaterThan, KEY, second, signInThere, toProvider } from './provider';
import { add, enterPassword, expect, expectSignedOut, fillIn, revoke, signIn, test, todo } from './support';

const TASK = 'Call Morpheus';
const TYPED = 'Half a thought';

const field = (page: Page) => page.getByRole('textbox', { name: 'New todo' });
const rename = (page: Page) => page.getByRole('textbox', { name: `New name of “${TASK}”` });
const stored = (page: Page) => page.evaluate(() => JSON.stringify(Object.entries(localStorage)));
const items = (page: Page) =>
  page.evaluate(() => Object.keys(localStorage).filter((name) => name.startsWith('curfew-sealed.')).length);

/** Types both texts, one letter after the other as a person does, and waits until the last is put away. */
async function typeBoth(page: Page): Promise<void> {
  await page.getByRole('button', { name: `Rename “${TASK}”` }).click();
  await rename(page).pressSequentially(`${TASK} again`);
  await field(page).pressSequentially(TYPED);
  await expect.poll(() => items(page)).toBe(1);
  const before = await stored(page);
  await field(page).press('!');
  await expect.poll(() => stored(page)).not.toBe(before);
}

async function expectBoth(page: Page): Promise<void> {
  await expect(field(page)).toHaveValue(`${TYPED}!`);
  await expect(rename(page)).toHaveValue(`${TASK} again`);
}

test('typed text is there again after a reload, in a new tab, and when the old one was closed', async ({
  page,
  context,
  person,
}) => {
  await signIn(page, person);
  await add(page, TASK);
  await typeBoth(page);
  expect(await stored(page)).not.toMatch(/Half|again/);
  await page.reload();
  await expectBoth(page);
  await page.close();
  const anew = await context.newPage();
  await anew.goto('/');
  await expectBoth(anew);
});

test('and after a forced sign-out and the way through the company’s provider', async ({ page, request }) => {
  const person = await employee(request);
  await signInThere(page, person);
  await add(page, TASK);
  await typeBoth(page);
  await revoke(request, person, KEY);
  const revoked = second();
  await expectSignedOut(page, TASK);
  await expectLaterThan(revoked);
  await toProvider(page, person);
  await enterPassword(page, person.password);
  await expectBoth(page);
});

test('another person in the same browser neither sees nor destroys it', async ({
  page,
  request,
  newPerson,
}) => {
  const [first, other] = [await newPerson(), await newPerson('tables.fake')];
  await signIn(page, first);
  await add(page, TASK);
  await typeBoth(page);
  await revoke(request, first);
  await expectSignedOut(page, TASK);

  await fillIn(page, other);
  await expect(page.getByText('Nothing to do.')).toBeVisible();
  await expect(field(page)).toHaveValue('');
  await page.reload();
  await expect(field(page)).toHaveValue('');
  await field(page).fill('Something else');
  await expect.poll(() => items(page)).toBe(2);
  expect(await stored(page)).not.toMatch(/Half|again|Something/);
  await page.getByRole('button', { name: 'Sign out' }).click();
  await expect(page.getByRole('heading', { name: 'You are signed out' })).toBeVisible();
  await expect.poll(() => items(page)).toBe(1);

  await signIn(page, first);
  await expectBoth(page);
});

test('one’s own sign-out takes it along', async ({ page, person }) => {
  await signIn(page, person);
  await add(page, TASK);
  await typeBoth(page);
  await page.getByRole('button', { name: 'Sign out' }).click();
  await expect(page.getByRole('heading', { name: 'You are signed out' })).toBeVisible();
  await expect.poll(() => items(page)).toBe(0);
  await signIn(page, person);
  await expect(todo(page, TASK)).toBeVisible();
  await expect(field(page)).toHaveValue('');
});

test('an answer that got lost makes no second todo', async ({ page, person }) => {
  await signIn(page, person);
  await page.route('**/api/todos', async (route) => {
    if (route.request().method() !== 'POST') return route.fallback();
    const answer = await route.fetch();
    expect(answer.status()).toBe(201);
    await route.abort('connectionreset');
  });
  await field(page).fill(TASK);
  await page.getByRole('button', { name: 'Add' }).click();
  await expect(page.getByRole('alert')).toContainText('can’t be reached');
  await page.getByRole('button', { name: 'Try again' }).click();
  await expect(page.getByRole('alert')).toContainText('can’t be reached');

  await page.unroute('**/api/todos');
  // Also when the page was loaded anew in between.
  await page.reload();
  await expect(todo(page, TASK)).toHaveCount(1);
  await expect(field(page)).toHaveValue(TASK);
  await page.getByRole('button', { name: 'Add' }).click();
  await expect(field(page)).toHaveValue('');
  await expect(todo(page, TASK)).toHaveCount(1);

  // The same words once more are another wish.
  await field(page).fill(TASK);
  await page.getByRole('button', { name: 'Add' }).click();
  await expect(todo(page, TASK)).toHaveCount(2);
});
