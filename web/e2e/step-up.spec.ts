/**
 * What wants a recent proof of who one is. The refusal is made up here, as the real one takes a minute to come; the
 * way to mend it is the real one.
 */
import type { Page, Request } from '@playwright/test';
import { hire, newCompany } from './company';
import { employee, expectLaterThan, second, signInThere, whereOf } from './provider';
import { whiteRabbit } from './seed';
import { add, enterPassword, expect, signIn, test, todo } from './support';

const TASK = 'Follow the white rabbit';
const field = (page: Page) => page.getByRole('textbox', { name: 'New todo' });
const dialog = (page: Page) => page.getByRole('dialog', { name: 'Confirm that it is you' });

/** Refuses the first of such calls. */
async function refuseOnce(page: Page, path: string, method: string, maxAge: number): Promise<Request[]> {
  const seen: Request[] = [];
  await page.route(`**${path}`, async (route) => {
    const made = route.request();
    if (made.method() !== method) return route.fallback();
    seen.push(made);
    if (seen.length > 1) return route.fallback();
    await route.fulfill({
      status: 403,
      contentType: 'application/problem+json',
      body: JSON.stringify({
        type: 'about:blank',
        title: 'Forbidden',
        status: 403,
        code: 'insufficient_user_authentication',
        detail: 'Prove again who you are.',
        max_age: maxAge,
      }),
    });
  });
  return seen;
}

test('a password confirms it, and throws none of one’s tabs out', async ({ page, context }) => {
  const owner = await hire(await newCompany(), 'owner');
  await signIn(page, owner);
  await add(page, TASK);
  const otherTab = await context.newPage();
  await otherTab.goto('/');
  await expect(todo(otherTab, TASK)).toBeVisible();
  await field(otherTab).fill('Half a thought');
  await page.goto('/org/policy');

  const seen = await refuseOnce(page, '/api/org/policy', 'PUT', 60);
  await page.getByRole('checkbox').check();
  await page.getByRole('button', { name: 'Save', exact: true }).click();
  await expect(dialog(page)).toContainText('To change how long sign-ins last, confirm that it is you.');
  await expect(dialog(page).getByLabel('Password')).toBeFocused();

  await page.keyboard.type('not it');
  await page.keyboard.press('Enter');
  await expect(dialog(page).getByLabel('Password')).toHaveAccessibleDescription(/./);
  await expect(dialog(page).getByLabel('Password')).toBeFocused();

  // Its sign-in ends by this, which every tab hears of.
  const asked = otherTab.waitForRequest((made) => new URL(made.url()).pathname === '/api/users/me');
  await page.keyboard.type(owner.password);
  await page.keyboard.press('Enter');
  await expect(dialog(page)).toHaveCount(0);
  await expect(page.getByRole('status')).toHaveText('Saved.');
  expect(seen[1]?.postDataJSON()).toEqual(seen[0]?.postDataJSON());
  await page.reload();
  await expect(page.getByRole('checkbox')).toBeChecked();

  expect((await (await asked).response())?.status()).toBe(200);
  await expect(field(otherTab)).toHaveValue('Half a thought');
  await add(otherTab, 'And on it goes');
});

test('Escape gives it up, and the focus is where it was', async ({ page }) => {
  await signIn(page, await hire(await newCompany(), 'owner'), '/org/policy');
  const seen = await refuseOnce(page, '/api/org/policy', 'PUT', 60);
  await page.getByRole('checkbox').check();
  await page.getByRole('button', { name: 'Save', exact: true }).press('Enter');
  await expect(dialog(page)).toBeVisible();
  await page.keyboard.press('Escape');
  await expect(dialog(page)).toHaveCount(0);
  await expect(page.getByText('Nothing was done: it needs you to confirm that it is you.')).toBeVisible();
  await page.reload();
  await expect(page.getByRole('checkbox')).not.toBeChecked();
  expect(seen).toHaveLength(1);
});

test('the company’s provider confirms it, and what was asked for is done once when one is back', async ({
  page,
  request,
}) => {
  const person = await employee(request);
  await signInThere(page, person, '/?show=open');
  const signedIn = second();
  await add(page, 'Something');
  await expectLaterThan(signedIn + 1);

  const seen = await refuseOnce(page, '/api/todos', 'POST', 1);
  await field(page).fill(TASK);
  await page.getByRole('button', { name: 'Add' }).click();
  await expect(dialog(page)).toContainText('To go on, confirm that it is you.');
  await page.getByRole('button', { name: 'Continue at White Rabbit' }).click();
  await expect(page).toHaveURL(({ href }) => href.startsWith(whereOf(whiteRabbit)));
  await enterPassword(page, person.password);

  await expect(page.getByText('What you asked for is done.')).toBeVisible();
  await expect(page).toHaveURL('/?show=open');
  await expect(todo(page, TASK)).toHaveCount(1);
  expect(seen.map((made) => made.postDataJSON() as unknown)).toEqual([{ task: TASK }, { task: TASK }]);
  await page.reload();
  await expect(todo(page, TASK)).toHaveCount(1);
  expect(seen).toHaveLength(2);
});

test('whoever does not come back by it has given it up', async ({ page, request }) => {
  const person = await employee(request);
  await signInThere(page, person);
  const seen = await refuseOnce(page, '/api/todos', 'POST', 0);
  await field(page).fill(TASK);
  await page.getByRole('button', { name: 'Add' }).click();
  await page.getByRole('button', { name: 'Continue at White Rabbit' }).click();
  await expect(page).toHaveURL(({ href }) => href.startsWith(whereOf(whiteRabbit)));
  await page.goto('/signed-in?next=%2F');
  await expect(field(page)).toHaveValue(TASK);
  await expect(page.getByText('Nothing to do.')).toBeVisible();
  expect(await page.evaluate(() => sessionStorage.length)).toBe(0);
  expect(seen).toHaveLength(1);
});
