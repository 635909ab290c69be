/**
 * The story of the article, in two browsers: the key's holder says so, and the page is gone at its next call. That tabs
 * need not wait for one is told in live.spec.ts.
 */
import type { Page } from '@playwright/test';
import { add, deafen, expect, expectSignedOut, fillIn, revoke, signIn, test, todo } from './support';

const TASK = 'Follow the white rabbit';

test.beforeEach(({ context }) => deafen(context));

const nextCalls: [string, (page: Page) => Promise<unknown>][] = [
  ['GET by a reload', (page) => page.reload()],
  [
    'GET by coming back to the tab',
    (page) =>
      page.evaluate(() => {
        document.dispatchEvent(new Event('visibilitychange', { bubbles: true }));
      }),
  ],
  [
    'POST by adding a todo',
    async (page) => {
      await page.getByRole('textbox', { name: 'New todo' }).fill('One more');
      await page.getByRole('button', { name: 'Add' }).click();
    },
  ],
  ['PUT by completing one', (page) => todo(page, TASK).click()],
  ['DELETE by deleting one', (page) => page.getByRole('button', { name: `Delete “${TASK}”` }).click()],
  [
    'POST by changing the password',
    async (page) => {
      await page.getByRole('link', { name: 'Change password' }).click();
      await page.getByLabel('Current password').fill('whatever it was');
      await page.getByLabel('New password').fill('a new password, long enough');
      await page.getByRole('button', { name: 'Change password' }).click();
    },
  ],
];

for (const [call, make] of nextCalls) {
  test(`after a revocation, ${call} leads to sign-in, and back`, async ({
    page,
    browser,
    request,
    person,
  }) => {
    await signIn(page, person, '/?show=open');
    await add(page, TASK);
    const elsewhere = await browser.newContext();
    await deafen(elsewhere);
    const otherPage = await elsewhere.newPage();
    await signIn(otherPage, person);
    await expect(todo(otherPage, TASK)).toBeVisible();

    await revoke(request, person);
    for (const each of [page, otherPage]) {
      await make(each);
      await expectSignedOut(each, TASK);
    }

    await fillIn(page, person);
    if (call.includes('password')) {
      await expect(page).toHaveURL('/account/password');
    } else {
      await expect(todo(page, TASK)).toBeVisible();
      await expect(page).toHaveURL('/?show=open');
    }
    // Signing in again in one browser lets nobody in elsewhere.
    await otherPage.reload();
    await expect(otherPage.getByRole('heading', { name: 'Sign in' })).toBeVisible();
    await elsewhere.close();
  });
}

test('a refused write changed nothing, and what was typed is there again', async ({
  page,
  request,
  person,
}) => {
  await signIn(page, person);
  await add(page, TASK);
  await revoke(request, person);
  await todo(page, TASK).click();
  await expectSignedOut(page, TASK);
  await fillIn(page, person);
  await expect(todo(page, TASK)).not.toBeChecked();

  await revoke(request, person);
  await page.getByRole('textbox', { name: 'New todo' }).fill('Half a thought');
  await page.getByRole('button', { name: 'Add' }).click();
  await expectSignedOut(page, TASK);
  await fillIn(page, person);
  await expect(page.getByRole('textbox', { name: 'New todo' })).toHaveValue('Half a thought');
  await expect(page.getByRole('checkbox')).toHaveCount(1);
});

test('the other tabs of the browser leave too', async ({ page, context, request, person }) => {
  await signIn(page, person);
  await add(page, TASK);
  const otherTab = await context.newPage();
  await otherTab.goto('/account/password');
  await expect(otherTab.getByRole('heading', { name: 'Change password' })).toBeVisible();

  await revoke(request, person);
  await todo(page, TASK).click();
  await expectSignedOut(page, TASK);
  await expectSignedOut(otherTab, TASK);

  // And one sign-in brings them all back, each to its own place.
  await fillIn(page, person);
  await expect(todo(page, TASK)).toBeVisible();
  await expect(otherTab.getByRole('heading', { name: 'Change password' })).toBeVisible();
  await expect(otherTab).toHaveURL('/account/password');
});

test('another person in the same browser sees nothing of the first', async ({ page, request, newPerson }) => {
  const [first, second] = [await newPerson(), await newPerson('tables.fake')];
  await signIn(page, first);
  await add(page, TASK);
  await page.getByRole('textbox', { name: 'New todo' }).fill('A secret');
  await revoke(request, first);
  await todo(page, TASK).click();
  await expectSignedOut(page, TASK);

  await fillIn(page, second);
  await expect(page.getByRole('banner')).toContainText(second.name);
  await expect(page.getByRole('banner')).not.toContainText(first.name);
  await expect(page.getByText('Nothing to do.')).toBeVisible();
  await expect(todo(page, TASK)).toHaveCount(0);
  await expect(page.getByRole('textbox', { name: 'New todo' })).toHaveValue('');
});

test('somebody else stays signed in', async ({ page, request, newPerson }) => {
  const [stays, goes] = [await newPerson(), await newPerson()];
  await signIn(page, stays);
  await revoke(request, goes);
  await add(page, TASK);
  await page.reload();
  await expect(todo(page, TASK)).toBeVisible();
});
