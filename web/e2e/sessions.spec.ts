/** Where one is signed in: seen, and ended one by one, everywhere else, or everywhere. */
import type { Page } from '@playwright/test';
import { expectIn, expectOut, signInOn } from './company';
import { because, expect, fillIn, signIn, tabTo, test } from './support';

const youSignedOut = because('You signed out');
const rows = (page: Page) => page.getByRole('list', { name: 'Sessions' }).getByRole('listitem');

test('a session is ended from another browser, and only that one', async ({ page, browser, person }) => {
  await signIn(page, person);
  const phone = await signInOn(browser, 'Safari on iPhone', person);
  const office = await signInOn(browser, 'Chrome on Windows', person);
  await page.getByRole('link', { name: 'Sessions' }).click();
  await expect(rows(page)).toHaveCount(3);
  await expect(rows(page).first()).toContainText('This browser');
  await expect(rows(page).first().getByRole('button')).toHaveCount(0);
  await expect(rows(page).filter({ hasText: 'Safari on iPhone' })).toContainText('with a password');

  await page.getByRole('button', { name: 'Sign out: Safari on iPhone' }).click();
  await expect(page.getByRole('status')).toHaveText('Signed out: Safari on iPhone.');
  await expect(rows(page)).toHaveCount(2);
  await expectOut(phone, youSignedOut);
  await expectIn(office, person);
  await page.reload();
  await expect(rows(page)).toHaveCount(2);
});

test('one that is over already is no failure', async ({ page, browser, person }) => {
  await signIn(page, person);
  const phone = await signInOn(browser, 'Safari on iPhone', person);
  await page.getByRole('link', { name: 'Sessions' }).click();
  await expect(rows(page)).toHaveCount(2);
  await phone.getByRole('button', { name: 'Sign out' }).click();
  await expect(phone.getByRole('heading', { name: 'You are signed out' })).toBeVisible();

  await page.getByRole('button', { name: 'Sign out: Safari on iPhone' }).click();
  await expect(page.getByRole('status')).toHaveText('That session was over already.');
  await expect(page.getByText('You are signed in nowhere else.')).toBeVisible();
});

test('everywhere else ends just what it says', async ({ page, browser, person }) => {
  const phone = await signInOn(browser, 'Safari on iPhone', person);
  const office = await signInOn(browser, 'Chrome on Windows', person);
  await signIn(page, person, '/account/sessions');
  await page.getByRole('button', { name: 'Sign out everywhere else' }).click();
  await expect(page.getByRole('group')).toContainText(
    '2 other sessions will end: Chrome on Windows, Safari on iPhone.',
  );
  // Asking alone ends nothing.
  await expectIn(phone, person);

  await page.getByRole('button', { name: 'Sign out of 2 sessions' }).click();
  await expect(page.getByRole('status')).toHaveText('Your 2 other sessions have ended.');
  await expect(rows(page)).toHaveCount(1);
  await expect(page.getByText('You are signed in nowhere else.')).toBeVisible();
  for (const other of [phone, office]) await expectOut(other, youSignedOut);
  await expectIn(page, person);
});

test('everywhere is this browser’s sign-out, too', async ({ page, browser, person }) => {
  const phone = await signInOn(browser, 'Safari on iPhone', person);
  await signIn(page, person, '/account/sessions');
  await page.getByRole('button', { name: 'Sign out everywhere' }).last().click();
  await expect(page.getByRole('group')).toContainText('2 sessions will end, this browser’s too');
  await page.getByRole('button', { name: 'Sign out of all 2 sessions' }).click();
  await expect(page.getByRole('heading', { name: 'You are signed out' })).toBeVisible();
  await expect(page).toHaveURL('/signed-out');
  await expectOut(phone, because('You signed out everywhere'));

  await page.getByRole('link', { name: 'Sign in again' }).click();
  await fillIn(page, person);
  await expect(page.getByRole('banner')).toContainText(person.name);
});

test('it can be done without a mouse', async ({ page, browser, person }) => {
  const { keyboard } = page;
  const phone = await signInOn(browser, 'Safari on iPhone', person);
  const office = await signInOn(browser, 'Chrome on Windows', person);
  await signIn(page, person);
  await tabTo(page, page.getByRole('link', { name: 'Sessions' }));
  await keyboard.press('Enter');
  await tabTo(page, page.getByRole('button', { name: 'Sign out: Safari on iPhone' }));
  await keyboard.press('Enter');
  await expect(page.getByRole('button', { name: 'Sign out: Chrome on Windows' })).toBeFocused();

  const everywhereElse = page.getByRole('button', { name: 'Sign out everywhere else' });
  await tabTo(page, everywhereElse);
  await keyboard.press('Enter');
  await expect(page.getByRole('group')).toBeFocused();
  await expect(page.getByRole('group')).toContainText('1 other session will end: Chrome on Windows.');
  await keyboard.press('Escape');
  await expect(everywhereElse).toBeFocused();
  await keyboard.press('Enter');
  await tabTo(page, page.getByRole('button', { name: 'Sign out of 1 session' }));
  await keyboard.press('Enter');
  await expect(page.getByRole('status')).toHaveText('Your other session has ended.');
  await expect(page.getByRole('heading', { name: 'Where you are signed in' })).toBeFocused();
  for (const other of [phone, office]) await expectOut(other, youSignedOut);
});
