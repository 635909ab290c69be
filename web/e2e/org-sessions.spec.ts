/** Where a company's people are signed in, for those who look after it; and out with one of them, or with everybody. */
import type { Page } from '@playwright/test';
import { expectIn, expectOut, hire, newCompany, signInOn } from './company';
import { because, expect, signIn, test } from './support';

const byTheCompany = because('Your company signed you out');
const people = (page: Page) =>
  page.getByRole('region', { name: 'People' }).getByRole('heading', { level: 2 });

test('a person is signed out of two browsers, which are just those that were named', async ({
  page,
  browser,
}) => {
  const domain = await newCompany();
  const [owner, neo, other] = [
    await hire(domain, 'owner'),
    await hire(domain, 'member'),
    await hire(domain, 'admin'),
  ];
  const phone = await signInOn(browser, 'Safari on iPhone', neo);
  const office = await signInOn(browser, 'Chrome on Windows', neo);
  const bystander = await signInOn(browser, 'Firefox on Linux', other);
  await signIn(page, owner);
  await page.getByRole('link', { name: 'Company' }).click();
  await expect(page.getByText('4 sessions of 3 people are open.')).toBeVisible();
  await expect(people(page)).toHaveText([`${owner.name} (you)`, other.name, neo.name]);
  await expect(page.getByRole('list', { name: `Sessions of ${neo.name}` }).getByRole('listitem')).toHaveText([
    /Chrome on Windows/,
    /Safari on iPhone/,
  ]);

  await page.getByRole('button', { name: `Sign ${neo.name} out` }).click();
  const question = page.getByRole('group');
  await expect(question).toContainText(
    `2 sessions of ${neo.name} will end: Chrome on Windows, Safari on iPhone.`,
  );
  await expectIn(phone, neo);
  await question.getByRole('button', { name: `Sign ${neo.name} out` }).click();
  await expect(page.getByRole('status')).toHaveText(`${neo.name} is signed out.`);
  await expect(page.getByText('2 sessions of 2 people are open.')).toBeVisible();
  await expect(people(page)).toHaveText([`${owner.name} (you)`, other.name]);
  for (const out of [phone, office]) await expectOut(out, byTheCompany);
  await expectIn(bystander, other);
});

test('everybody is signed out, oneself among them, and nobody of another company', async ({
  page,
  browser,
  person,
}) => {
  const domain = await newCompany();
  const [admin, neo] = [await hire(domain, 'admin'), await hire(domain, 'member')];
  const elsewhere = await signInOn(browser, 'Firefox on Linux', person);
  const phone = await signInOn(browser, 'Safari on iPhone', neo);
  const office = await signInOn(browser, 'Chrome on Windows', neo);
  await signIn(page, admin, '/org/sessions');
  await page.getByRole('button', { name: 'Sign everybody out' }).click();
  await expect(page.getByRole('group')).toContainText('3 sessions of 2 people will end.');
  await expect(page.getByRole('group')).toContainText('You are among them');
  await page.getByRole('button', { name: 'Sign out 2 people' }).click();

  // By itself: nobody has to press anything for it.
  await expect(page.getByRole('heading', { name: 'Sign in' })).toBeVisible();
  await expect(page.getByRole('status')).toHaveText(byTheCompany);
  await expect(page).toHaveURL(`/signin?next=${encodeURIComponent('/org/sessions')}`);
  for (const out of [phone, office]) await expectOut(out, byTheCompany);
  await expectIn(elsewhere, person);
});

test('the list is searched', async ({ page, browser }) => {
  const domain = await newCompany();
  const [owner, neo] = [await hire(domain, 'owner'), await hire(domain, 'member')];
  await signInOn(browser, 'Safari on iPhone', neo);
  await signIn(page, owner, '/org/sessions');
  await expect(people(page)).toHaveCount(2);
  await page.getByLabel('Find among those shown').fill('iphone');
  await expect(people(page)).toHaveText([neo.name]);
  await page.getByLabel('Find among those shown').fill(owner.email.toUpperCase());
  await expect(people(page)).toHaveText([`${owner.name} (you)`]);
});

test('auditors look and members do not', async ({ page, browser }) => {
  const domain = await newCompany();
  const [auditor, neo] = [await hire(domain, 'auditor'), await hire(domain, 'member')];
  const member = await signInOn(browser, 'Chrome on Windows', neo, '/org/sessions');
  await expect(member.getByRole('heading', { name: 'Not for you to see' })).toBeVisible();
  await expect(member.getByRole('link', { name: 'Company' })).toHaveCount(0);

  await signIn(page, auditor, '/org/sessions');
  await expect(people(page)).toHaveText([`${auditor.name} (you)`, neo.name]);
  await expect(page.getByRole('main').getByRole('button')).toHaveCount(0);
  await page.getByRole('link', { name: 'Session policy' }).click();
  await expect(page.getByRole('definition')).toHaveText(['30 minutes', '12 hours', '15 minutes', 'No']);
  await expect(page.getByRole('main').getByRole('button')).toHaveCount(0);
});
