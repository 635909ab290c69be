/** How long a company's sign-ins last: set, kept, and a shorter one holds at once for who is signed in. */
import type { Page } from '@playwright/test';
import { expectIn, expectOut, hire, newCompany, signInOn } from './company';
import { because, expect, signIn, tabTo, test } from './support';

const idle = (page: Page) => page.getByRole('textbox', { name: 'Sign people out when they have not used' });
const idleUnit = (page: Page) =>
  page.getByRole('combobox', { name: 'Sign people out when they have not used' });
const longest = (page: Page) => page.getByRole('textbox', { name: 'Sign people out, however active' });
const save = (page: Page) => page.getByRole('button', { name: 'Save', exact: true });

const MINUTE = 60;

test('a policy is set, and is there again', async ({ page }) => {
  const { keyboard } = page;
  await signIn(page, await hire(await newCompany(), 'owner'));
  await page.getByRole('link', { name: 'Company' }).click();
  await page.getByRole('link', { name: 'Session policy' }).click();
  await expect(idle(page)).toHaveValue('30');

  // Without a mouse.
  await tabTo(page, idle(page));
  await keyboard.press('ControlOrMeta+a');
  await keyboard.type('13');
  await keyboard.press('Tab');
  await expect(idleUnit(page)).toBeFocused();
  await keyboard.type('hours');
  await keyboard.press('Tab');
  await keyboard.press('Shift+Tab');
  await keyboard.press('Shift+Tab');
  await keyboard.press('Enter');
  await expect(page.getByText('This can’t be longer than people stay signed in at all.')).toBeVisible();
  await expect(idle(page)).toBeFocused();

  await idle(page).fill('2');
  await page.getByRole('checkbox').check();
  await save(page).click();
  await expect(page.getByRole('status')).toHaveText('Saved.');
  await page.reload();
  await expect(idle(page)).toHaveValue('2');
  await expect(idleUnit(page)).toHaveValue('hours');
  await expect(longest(page)).toHaveValue('12');
  await expect(page.getByRole('checkbox')).toBeChecked();
});

test('a shorter one ends at once what is over by it, and says so before', async ({ page, browser }) => {
  // Nothing can be unused for less than a minute, and the clock of the stack can't be moved.
  test.setTimeout(4 * MINUTE * 1000);
  const domain = await newCompany();
  const [owner, neo] = [await hire(domain, 'owner'), await hire(domain, 'member')];
  const phone = await signInOn(browser, 'Safari on iPhone', neo);
  await signIn(page, owner, '/org/policy');
  await expect(idle(page)).toHaveValue('30');

  const wanted = {
    idleTimeoutSeconds: MINUTE,
    absoluteLifetimeSeconds: 720 * MINUTE,
    privilegedAuthAgeSeconds: 15 * MINUTE,
    endsProviderSession: false,
  };
  const wouldEnd = () =>
    page.evaluate(async (body) => {
      const headers = { 'content-type': 'application/json' };
      const answer = await fetch('/api/org/policy?dry_run=true', {
        method: 'PUT',
        headers,
        body: JSON.stringify(body),
      });
      return ((await answer.json()) as { total: number }).total;
    }, wanted);
  await expect.poll(wouldEnd, { timeout: 3 * MINUTE * 1000, intervals: [5000] }).toBe(1);

  await idle(page).fill('1');
  await save(page).click();
  await expect(page.getByRole('group')).toContainText(
    'Saving this ends 1 session of 1 person now, because they have not been used for 1 minute.',
  );
  await page.getByRole('button', { name: 'Back' }).click();
  await expect(save(page)).toBeFocused();
  await save(page).click();
  await page.getByRole('button', { name: 'Save and end 1 session' }).click();
  await expect(page.getByRole('status')).toHaveText('Saved. 1 session has ended.');
  await expectOut(phone, because('Your company shortened how long a sign-in lasts'));
  await expectIn(page, owner);
  await expect(idle(page)).toHaveValue('1');
});
