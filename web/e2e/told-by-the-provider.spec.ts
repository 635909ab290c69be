/** What an administrator does at the company's own provider, by the buttons there, reaches the app's open pages. */
import type { Locator, Page } from '@playwright/test';
import {
  administration,
  employee,
  expectLaterThan,
  press,
  second,
  sessionsThere,
  signInThere,
  toProvider,
} from './provider';
import { add, enterPassword, expect, expectSignedOut, test, todo, type Person } from './support';

const TASK = 'Follow the white rabbit';

function universalLogout(admin: Page, { name }: Person): { format: Locator; button: Locator } {
  const button = admin.getByRole('button', { name: `Universal Logout of ${name}` });
  return { button, format: admin.locator('form').filter({ has: button }).getByLabel('Subject format') };
}

for (const format of ['email', 'iss_sub']) {
  test(`Universal Logout by ${format} signs one out everywhere, until the password is given again`, async ({
    page,
    browser,
    request,
  }) => {
    const person = await employee(request);
    const elsewhere = await browser.newContext();
    const otherPage = await elsewhere.newPage();
    await signInThere(page, person);
    await add(page, TASK);
    await signInThere(otherPage, person);
    await expect(todo(otherPage, TASK)).toBeVisible();

    const admin = await administration(page);
    const pressed = universalLogout(admin, person);
    await pressed.format.selectOption(format);
    await press(pressed.button);
    const revoked = second();
    for (const each of [page, otherPage]) {
      await expectSignedOut(each, TASK);
    }

    // The sessions there go on, and are not enough.
    expect(await sessionsThere(request, person)).toHaveLength(2);
    await expectLaterThan(revoked);
    for (const each of [page, otherPage]) {
      await toProvider(each, person);
      await enterPassword(each, person.password);
      await expect(todo(each, TASK)).not.toBeChecked();
    }
    await elsewhere.close();
  });
}

test('End session signs one out of the app in that browser, and in no other', async ({
  page,
  browser,
  request,
}) => {
  const person = await employee(request);
  const elsewhere = await browser.newContext();
  const otherPage = await elsewhere.newPage();
  await signInThere(page, person);
  await add(page, TASK);
  const [session] = await sessionsThere(request, person);
  await signInThere(otherPage, person);
  await expect(todo(otherPage, TASK)).toBeVisible();

  const admin = await administration(page);
  const item = admin.locator(`[id="session-${String(session)}"]`);
  await press(item.getByRole('button', { name: `End session of ${person.name}` }));
  await expectSignedOut(page, TASK, 'Your session at the sign-in service of White Rabbit was ended');
  await otherPage.reload();
  await expect(todo(otherPage, TASK)).not.toBeChecked();

  await page.goto('/signed-out');
  await expect(page.getByRole('status').getByRole('paragraph')).toHaveText([
    /^Your session at the sign-in service of White Rabbit was ended .*, and with it the one here\.$/,
    /^This browser’s session of Curfew is ended, in all its tabs\.$/,
  ]);
  await page.getByRole('link', { name: 'Sign in again' }).click();
  await toProvider(page, person);
  await enterPassword(page, person.password);
  await expect(todo(page, TASK)).toBeVisible();
  await elsewhere.close();
});
