import { because, enterPassword, expect, fillIn, signIn, test } from './support';

test('changing the password ends the other sign-ins, and only the new one opens', async ({
  page,
  browser,
  person,
}) => {
  const elsewhere = await browser.newContext();
  const otherPage = await elsewhere.newPage();
  await signIn(otherPage, person);
  await signIn(page, person, '/account/password');
  const changed = { ...person, password: `${person.password}, changed` };

  await page.getByLabel('Current password').fill('not the current one');
  await page.getByLabel('New password').fill(changed.password);
  const submit = page.getByRole('button', { name: 'Change password' });
  await submit.click();
  await expect(page.getByLabel('Current password')).toBeFocused();
  await page.getByLabel('Current password').fill(person.password);
  await submit.click();
  await expect(page.getByText('Your password is changed.')).toBeVisible();
  await page.reload();
  await expect(page.getByRole('banner')).toContainText(person.name);

  await expect(otherPage.getByRole('status')).toHaveText(because('Your password was changed'));
  await fillIn(otherPage, person);
  await expect(otherPage.getByLabel('Password')).toBeFocused();
  await expect(otherPage.getByRole('heading', { name: 'Sign in' })).toBeVisible();
  await enterPassword(otherPage, changed.password);
  await expect(otherPage.getByRole('banner')).toContainText(person.name);
  await elsewhere.close();
});
