import {
  add,
  enterEmail,
  enterPassword,
  expect,
  fillIn,
  signedOutNotice,
  signIn,
  test,
  todo,
} from './support';

test('a wrong password is said, and what was typed stays', async ({ page, person }) => {
  await page.goto('/');
  await fillIn(page, { ...person, password: 'not the password at all' });
  const password = page.getByLabel('Password');
  await expect(page.getByRole('button', { name: 'Sign in' })).toBeEnabled();
  await expect(password).toBeFocused();
  await expect(page.getByLabel('Email')).toHaveValue(person.email);
  await expect(page.getByRole('heading', { name: 'Sign in' })).toBeVisible();
  await expect(page.getByText(signedOutNotice)).toHaveCount(0);

  await password.fill(person.password);
  await page.keyboard.press('Enter');
  await expect(page.getByRole('banner')).toContainText(person.name);
});

test('a password is not kept for another address', async ({ page, person }) => {
  await page.goto('/signin');
  await enterEmail(page, 'somebody-else@tables.fake');
  await page.getByLabel('Password').fill(person.password);
  await page.getByLabel('Email').fill(person.email);
  await expect(page.getByLabel('Password')).toHaveCount(0);
  await page.getByRole('button', { name: 'Continue' }).click();
  await expect(page.getByLabel('Password')).toBeFocused();
  await expect(page.getByLabel('Password')).toHaveValue('');
  await enterPassword(page, person.password);
  await expect(page.getByRole('banner')).toContainText(person.name);
});

test('an unknown person gets the same answer as a wrong password', async ({ page, person }) => {
  const answers: (string | null)[] = [];
  for (const email of [person.email, `nobody-${person.email}`]) {
    await page.goto('/signin');
    const response = page.waitForResponse('**/api/signin');
    await fillIn(page, { ...person, email, password: 'not the password at all' });
    const { detail } = (await (await response).json()) as { detail: string };
    await expect(page.getByText(detail)).toBeVisible();
    answers.push(detail);
  }
  expect(answers[0]).toBe(answers[1]);
});

test('a first visit to a page leads to sign-in and then to that page', async ({ page, person }) => {
  await page.goto('/account/password');
  await expect(page.getByRole('heading', { name: 'Sign in' })).toBeVisible();
  await expect(page.getByText(signedOutNotice)).toHaveCount(0);
  await fillIn(page, person);
  await expect(page.getByRole('heading', { name: 'Change password' })).toBeVisible();
  await expect(page).toHaveURL('/account/password');
});

for (const next of ['//evil.example/', '/\\evil.example/', '/%09/evil.example/', 'https://evil.example/']) {
  test(`a link with next=${next} leads nowhere but home`, async ({ page, person }) => {
    await page.goto(`/signin?next=${next.includes('%') ? next : encodeURIComponent(next)}`);
    await fillIn(page, person);
    await expect(page.getByRole('banner')).toContainText(person.name);
    await expect(page).toHaveURL('/');
  });
}

test('somebody who is signed in already is sent on from the sign-in page', async ({ page, person }) => {
  await signIn(page, person);
  await page.goto('/signin');
  await expect(page.getByRole('banner')).toContainText(person.name);
});

test('the cookie is out of reach of scripts, and nothing else is kept in the browser', async ({
  page,
  context,
  person,
}) => {
  await signIn(page, person);
  await add(page, 'Something');
  await expect(todo(page, 'Something')).toBeVisible();
  const { cookies, origins } = await context.storageState();
  expect(cookies).toHaveLength(1);
  expect(cookies[0]).toMatchObject({ httpOnly: true, sameSite: 'Lax' });
  expect(origins).toEqual([]);
});
