import { add, expect, signIn, test, todo } from './support';

test('add, complete, rename, delete, sign out', async ({ page, person }) => {
  await signIn(page, person);
  await expect(page.getByText('Nothing to do.')).toBeVisible();
  await add(page, 'Follow the white rabbit');
  await add(page, 'Buy milk');
  await expect(page.getByText('2 open')).toBeVisible();

  await todo(page, 'Buy milk').check();
  await expect(page.getByText('1 open')).toBeVisible();
  await page.reload();
  await expect(todo(page, 'Buy milk')).toBeChecked();
  await expect(todo(page, 'Follow the white rabbit')).not.toBeChecked();

  await page.getByRole('button', { name: 'Rename “Buy milk”' }).click();
  await page.getByRole('textbox', { name: 'New name of “Buy milk”' }).fill('Buy oat milk');
  await page.getByRole('button', { name: 'Save' }).click();
  await expect(todo(page, 'Buy oat milk')).toBeChecked();

  await page.getByRole('button', { name: 'Delete “Follow the white rabbit”' }).click();
  await expect(todo(page, 'Follow the white rabbit')).toHaveCount(0);
  await page.reload();
  await expect(todo(page, 'Buy oat milk')).toBeChecked();
  await expect(page.getByRole('checkbox')).toHaveCount(1);

  await page.getByRole('button', { name: 'Sign out' }).click();
  await expect(page.getByRole('heading', { name: 'You are signed out' })).toBeVisible();
});

test('the filter is in the address', async ({ page, person }) => {
  await signIn(page, person);
  await add(page, 'Open one');
  await add(page, 'Done one');
  await todo(page, 'Done one').check();
  await page.getByRole('link', { name: 'Done', exact: true }).click();
  await expect(page).toHaveURL('/?show=done');
  await expect(todo(page, 'Open one')).toHaveCount(0);
  await page.reload();
  await expect(todo(page, 'Done one')).toBeVisible();
  await expect(page.getByRole('checkbox')).toHaveCount(1);
});

test('two people of one company each see their own', async ({ page, browser, newPerson }) => {
  const [one, other] = [await newPerson(), await newPerson()];
  await signIn(page, one);
  await add(page, 'Only mine');
  const otherContext = await browser.newContext();
  const otherPage = await otherContext.newPage();
  await signIn(otherPage, other);
  await expect(otherPage.getByText('Nothing to do.')).toBeVisible();
  await expect(todo(otherPage, 'Only mine')).toHaveCount(0);
  await otherContext.close();
});

test('an unknown address is said to be one', async ({ page }) => {
  await page.goto('/no/such/page');
  await expect(page.getByRole('heading', { name: 'There is no such page' })).toBeVisible();
  await expect(page.getByRole('link', { name: 'Go to your todos' })).toBeVisible();
});
