/** What an administrator does at the company's own provider, by the buttons there, reaches the app's open pages. */
import type { Locator, Page } from '@playwright/test';
import { employee, expectLaterThan, second, sessionsThere, signInThere, toProvider } from './provider';
import { setting } from './seed';
import { add, enterPassword, expect, expectSignedOut, test, todo, type Person } from './support';

const TASK = 'Follow the white rabbit';

/** A tab of the provider's administration page. */
async function administration(page: Page): Promise<Page> {
  const tab = await page.context().newPage();
  await tab.goto(`${setting('CURFEW_IDP_URL')}/admin`);
  return tab;
}

function universalLogout(admin: Page, { name }: Person): { format: Locator; button: Locator } {
  const button = admin.getByRole('button', { name: `Universal Logout of ${name}` });
  return { button, format: admin.locator('form').filter({ has: button }).getByLabel('Subject format') };
}

/** Until the provider has told the app and knows its answer. */
async function press(button: Locator): Promise<void> {
  const answered = button.page().waitForResponse((answer) => answer.request().method() === 'POST');
  await button.click();
  expect((await answered).status()).toBe(303);
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
