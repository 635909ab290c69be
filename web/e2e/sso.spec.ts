/** The article's story for a company that signs its people in itself: one password at its provider, and again when told. */
import type { Page } from '@playwright/test';
import { employee, expectLaterThan, KEY, leave, second, signInThere, toProvider, whereOf } from './provider';
import { matrix, whiteRabbit } from './seed';
import {
  add,
  enterPassword,
  expect,
  expectSignedOut,
  revoke,
  signedOutNotice,
  tabTo,
  test,
  todo,
} from './support';

const TASK = 'Follow the white rabbit';

/** The page of the API itself that says why a sign-in came to nothing, and the way back from it. */
async function expectNoSignIn(page: Page): Promise<void> {
  await expect(page.getByRole('heading', { level: 1 })).toBeVisible();
  await expect(page.getByRole('paragraph').first()).toHaveText(/\w+ .+\.$/);
  await expect(page.getByText(/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/).first()).toBeVisible();
  await page.getByRole('link', { name: /sign.?in/i }).click();
  await expect(page.getByRole('heading', { name: 'Sign in' })).toBeVisible();
  await expect(page.getByLabel('Email')).toBeEditable();
  await expect(page.getByRole('button', { name: 'Continue' })).toBeEnabled();
}

test('after a revocation the provider asks for the password again, and one is back where one was', async ({
  page,
  request,
}) => {
  const person = await employee(request);
  await signInThere(page, person, '/?show=open');
  await add(page, TASK);

  await revoke(request, person, KEY);
  const revoked = second();
  await expectSignedOut(page, TASK);

  // Its session is alive, as the tests of leaving show, and not enough.
  await toProvider(page, person);
  await expectLaterThan(revoked);
  await enterPassword(page, person.password);
  await expect(todo(page, TASK)).not.toBeChecked();
  await expect(page).toHaveURL('/?show=open');
});

test('after a revocation each browser has to give the password', async ({ page, browser, request }) => {
  const person = await employee(request);
  const elsewhere = await browser.newContext();
  const otherPage = await elsewhere.newPage();
  await signInThere(page, person);
  await add(page, TASK);
  await signInThere(otherPage, person);
  await expect(todo(otherPage, TASK)).toBeVisible();

  await revoke(request, person, KEY);
  const revoked = second();
  await expectSignedOut(page, TASK);
  await toProvider(page, person);
  await expectLaterThan(revoked);
  await enterPassword(page, person.password);
  await expect(todo(page, TASK)).toBeVisible();

  // That one browser is back in lets nobody in elsewhere.
  await expectSignedOut(otherPage, TASK);
  await toProvider(otherPage, person);
  await enterPassword(otherPage, person.password);
  await expect(todo(otherPage, TASK)).toBeVisible();
  await page.reload();
  await expect(todo(page, TASK)).toBeVisible();
  await elsewhere.close();
});

test('a sign-in given up at the provider is said, with a way to begin anew', async ({ page, request }) => {
  const person = await employee(request);
  await page.goto('/');
  await toProvider(page, person);
  await page.getByRole('button', { name: 'Cancel' }).click();
  await expect(page).toHaveURL(/\/openid\/callback\/whiterabbit\.fake\?/);
  await expectNoSignIn(page);
  await toProvider(page, person);
  await enterPassword(page, person.password);
  await expect(page.getByRole('banner')).toContainText(person.name);
});

for (const query of ['code=x&state=y', 'error=access_denied&state=y', '']) {
  test(`coming back from nowhere with “${query}” signs nobody in`, async ({ page }) => {
    await page.goto(`/openid/callback/${whiteRabbit}?${query}`);
    await expectNoSignIn(page);
    await expect(page.getByText(signedOutNotice)).toHaveCount(0);
  });
}

test('"back" from the provider is a sign-in page that works', async ({ page, request }) => {
  const person = await employee(request);
  await page.goto('/signin');
  await toProvider(page, person);
  await page.goBack();
  await expect(page.getByRole('button', { name: 'Continue' })).toBeEnabled();
  await toProvider(page, person);
  await enterPassword(page, person.password);
  await expect(page.getByRole('banner')).toContainText(person.name);
});

test('two tabs that sign in at once both arrive, each at its own place', async ({
  page,
  context,
  request,
}) => {
  const person = await employee(request);
  const otherTab = await context.newPage();
  await page.goto('/?show=open');
  await otherTab.goto('/account/password');
  for (const tab of [page, otherTab]) await toProvider(tab, person);
  for (const tab of [page, otherTab]) {
    await enterPassword(tab, person.password);
    await expect(tab.getByRole('banner')).toContainText(person.name);
  }
  await expect(otherTab).toHaveURL('/account/password');
  await expect(page).toHaveURL('/?show=open');
  await add(page, TASK);
});

test('a tab that waits at sign-in comes back by itself', async ({ page, context, request }) => {
  const person = await employee(request);
  const otherTab = await context.newPage();
  await otherTab.goto('/?show=done');
  await expect(otherTab.getByRole('heading', { name: 'Sign in' })).toBeVisible();
  await signInThere(page, person);
  await expect(otherTab.getByRole('banner')).toContainText(person.name);
  await expect(otherTab).toHaveURL('/?show=done');
});

test('everything can be done without a mouse', async ({ page, request }) => {
  const person = await employee(request);
  const { keyboard } = page;
  await page.goto('/');
  await expect(page.getByLabel('Email')).toBeFocused();
  await keyboard.type(person.email);
  await keyboard.press('Enter');
  await expect(page).toHaveURL(({ href }) => href.startsWith(whereOf(whiteRabbit)));
  await tabTo(page, page.getByLabel('Password'));
  await keyboard.type(person.password);
  await keyboard.press('Enter');
  await expect(page.getByText('Nothing to do.')).toBeVisible();
  await tabTo(page, page.getByRole('button', { name: 'Sign out', exact: true }));
  await keyboard.press('Enter');
  await tabTo(page, page.getByRole('button', { name: 'Sign out of Curfew' }));
  await keyboard.press('Enter');
  await expect(page.getByRole('heading', { name: 'You are signed out' })).toBeFocused();

  await page.goto(`/openid/callback/${whiteRabbit}?code=x&state=y`);
  await tabTo(page, page.getByRole('link', { name: /sign.?in/i }));
  await keyboard.press('Enter');
  await expect(page.getByLabel('Email')).toBeFocused();
});

test('one company’s provider signs nobody in to another company', async ({ page, request }) => {
  const [neo, trinity] = [await employee(request, matrix), await employee(request)];
  await signInThere(page, neo, '/', matrix);
  await leave(page, 'Sign out of Curfew');
  await page.getByRole('link', { name: 'Sign in again' }).click();
  await toProvider(page, trinity);
  await page.goto('/');
  await expect(page.getByRole('heading', { name: 'Sign in' })).toBeVisible();
});

test('the provider keeps the password: there is none to change here, and none to sign in with', async ({
  page,
  request,
}) => {
  const person = await employee(request);
  await signInThere(page, person, '/account/password');
  await expect(page.getByText('Your company’s sign-in provider keeps your password')).toBeVisible();
  await expect(page.getByRole('link', { name: 'Change password' })).toHaveCount(0);
  await expect(page.getByRole('textbox')).toHaveCount(0);

  const answer = await request.post('/api/signin', {
    data: { username: person.email, password: person.password },
  });
  expect(answer.status()).toBe(401);
});
