import type { Locator, Page } from '@playwright/test';
import { expect, test, todo } from './support';

/** Presses Tab until the element has the focus; gives up when Tab can't reach it. */
async function tabTo(page: Page, target: Locator): Promise<void> {
  for (let presses = 0; presses < 30; presses += 1) {
    if (await target.evaluate((element) => element === document.activeElement)) return;
    await page.keyboard.press('Tab');
  }
  await expect(target).toBeFocused();
}

test('everything can be done without a mouse', async ({ page, person }) => {
  const { keyboard } = page;
  await page.goto('/');
  await expect(page.getByLabel('Email')).toBeFocused();
  await keyboard.type(person.email);
  await keyboard.press('Tab');
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
