import { expect, tabTo, test, todo } from './support';

test('everything can be done without a mouse', async ({ page, person }) => {
  const { keyboard } = page;
  await page.goto('/');
  await expect(page.getByLabel('Email')).toBeFocused();
  await keyboard.type(person.email);
  await keyboard.press('Enter');
  await expect(page.getByLabel('Password')).toBeFocused();
  await keyboard.type(person.password);
  await keyboard.press('Enter');

  const field = page.getByRole('textbox', { name: 'New todo' });
  await expect(page.getByText('Nothing to do.')).toBeVisible();
  await tabTo(page, field);
  for (const task of ['Wake up', 'Knock, knock']) {
    await keyboard.type(task);
    await keyboard.press('Enter');
    await expect(todo(page, task)).toBeVisible();
    await expect(field).toBeFocused();
    await expect(field).toHaveValue('');
  }

  await tabTo(page, todo(page, 'Wake up'));
  await keyboard.press('Space');
  await expect(todo(page, 'Wake up')).toBeChecked();
  await expect(page.getByRole('status')).toHaveText('Completed “Wake up”.');

  await tabTo(page, page.getByRole('button', { name: 'Rename “Wake up”' }));
  await keyboard.press('Enter');
  await expect(page.getByRole('textbox', { name: 'New name of “Wake up”' })).toBeFocused();
  await keyboard.type('Wake up, Neo');
  await keyboard.press('Enter');
  await expect(page.getByRole('button', { name: 'Rename “Wake up, Neo”' })).toBeFocused();

  await keyboard.press('Tab');
  await expect(page.getByRole('button', { name: 'Delete “Wake up, Neo”' })).toBeFocused();
  await keyboard.press('Enter');
  await expect(todo(page, 'Wake up, Neo')).toHaveCount(0);
  await expect(todo(page, 'Knock, knock')).toBeFocused();

  await page.reload();
  await expect(todo(page, 'Knock, knock')).toBeVisible();
  await tabTo(page, page.getByRole('button', { name: 'Sign out' }));
  await keyboard.press('Enter');
  const heading = page.getByRole('heading', { name: 'You are signed out' });
  await expect(heading).toBeFocused();
  await tabTo(page, page.getByRole('link', { name: 'Sign in again' }));
  await keyboard.press('Enter');
  await expect(page.getByLabel('Email')).toBeFocused();
});
