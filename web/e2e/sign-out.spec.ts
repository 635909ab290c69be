import { add, expect, expectSignedOut, fillIn, signedOutNotice, signIn, test, todo } from './support';

const TASK = 'Call Morpheus';

test('signing out says so, stays there, and "back" shows no todos', async ({ page, person }) => {
  await signIn(page, person);
  await add(page, TASK);
  await page.getByRole('link', { name: 'Change password' }).click();
  await page.getByRole('button', { name: 'Sign out' }).click();
  const said = page.getByRole('status');
  for (const again of [() => undefined, () => page.reload()]) {
    await again();
    await expect(page.getByRole('heading', { name: 'You are signed out' })).toBeVisible();
    await expect(page).toHaveURL('/signed-out');
    await expect(said).toContainText(/^You signed out .*at \d\d:\d\d\./);
    await expect(said).toContainText('Sign-ins of yours in other browsers or on other devices go on');
    await expect(said).not.toContainText('sign-in service');
  }

  await page.goBack();
  await expect(page.getByRole('heading', { name: 'Sign in' })).toBeVisible();
  await expect(todo(page, TASK)).toHaveCount(0);
  await expect(page.getByText(signedOutNotice)).toHaveCount(0);
});

test('a page left for another site and come back to is not shown again as it was', async ({
  page,
  context,
  person,
}) => {
  await signIn(page, person);
  await add(page, TASK);
  await page.goto('about:blank');
  const otherTab = await context.newPage();
  await otherTab.goto('/');
  await otherTab.getByRole('button', { name: 'Sign out' }).click();
  await expect(otherTab.getByRole('heading', { name: 'You are signed out' })).toBeVisible();

  await page.goBack();
  await expect(page.getByRole('heading', { name: 'Sign in' })).toBeVisible();
  await expect(todo(page, TASK)).toHaveCount(0);
});

test('signing out ends all tabs of the browser, and only of this browser', async ({
  page,
  context,
  browser,
  person,
}) => {
  await signIn(page, person);
  await add(page, TASK);
  const otherTab = await context.newPage();
  await otherTab.goto('/');
  await expect(todo(otherTab, TASK)).toBeVisible();
  const elsewhere = await browser.newContext();
  const otherBrowser = await elsewhere.newPage();
  await signIn(otherBrowser, person);

  await page.getByRole('button', { name: 'Sign out' }).click();
  await expect(page.getByRole('heading', { name: 'You are signed out' })).toBeVisible();
  await expectSignedOut(otherTab, TASK, 'You signed out');
  await otherBrowser.reload();
  await expect(todo(otherBrowser, TASK)).toBeVisible();
  await elsewhere.close();

  await page.getByRole('link', { name: 'Sign in again' }).click();
  await fillIn(page, person);
  await expect(todo(page, TASK)).toBeVisible();
});

test('a sign-out that does not reach the API is not passed off as one', async ({ page, context, person }) => {
  await signIn(page, person);
  await add(page, TASK);
  await context.route('**/api/signout', (route) => route.abort('internetdisconnected'));
  await page.getByRole('button', { name: 'Sign out' }).click();
  await expect(page.getByText('You are still signed in.')).toBeVisible();
  await context.unroute('**/api/signout');
  await page.getByRole('button', { name: 'Try again' }).click();
  await expect(page.getByRole('heading', { name: 'You are signed out' })).toBeVisible();
});
