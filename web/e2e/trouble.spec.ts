/** The network between page and API is cut here by the browser: what is tested is what the page makes of it. */
import { add, enterEmail, enterPassword, expect, signIn, test, todo } from './support';

const unavailable = {
  status: 503,
  contentType: 'application/problem+json',
  headers: { 'retry-after': '5' },
  body: JSON.stringify({
    type: 'about:blank',
    title: 'Unavailable',
    status: 503,
    code: 'unavailable',
    detail: 'The list can’t be reached.',
    request_id: 'request-1',
  }),
};

test('a failed save keeps what was typed, says why, and can be tried again', async ({ page, person }) => {
  await signIn(page, person);
  await page.route('**/api/todos', (route) =>
    route.request().method() === 'POST' ? route.fulfill(unavailable) : route.fallback(),
  );
  const field = page.getByRole('textbox', { name: 'New todo' });
  await field.fill('Dodge this');
  await page.getByRole('button', { name: 'Add' }).click();
  await expect(page.getByRole('alert')).toContainText('The list can’t be reached.');
  await expect(page.getByRole('alert')).toContainText('request-1');
  await expect(field).toHaveValue('Dodge this');

  await page.unroute('**/api/todos');
  await page.getByRole('button', { name: 'Try again' }).click();
  await expect(todo(page, 'Dodge this')).toBeVisible();
  await expect(field).toHaveValue('');
});

test('a sign-in that can’t find out where to go says why, and can be tried again', async ({
  page,
  person,
}) => {
  await page.goto('/signin');
  await page.route('**/api/openid/check', (route) => route.abort('internetdisconnected'));
  await enterEmail(page, person.email);
  await expect(page.getByRole('alert')).toContainText('can’t be reached');
  await page.unroute('**/api/openid/check');
  await page.route('**/api/openid/check', (route) => route.fulfill(unavailable));
  await page.getByRole('button', { name: 'Try again' }).click();
  await expect(page.getByRole('alert')).toContainText('request-1');
  await expect(page.getByLabel('Email')).toHaveValue(person.email);
  await page.unroute('**/api/openid/check');
  await page.getByRole('button', { name: 'Try again' }).click();
  await enterPassword(page, person.password);
  await expect(page.getByRole('banner')).toContainText(person.name);
});

test('offline is said, and over when it is over', async ({ page, context, person }) => {
  await signIn(page, person);
  await add(page, 'Dodge this');
  await context.setOffline(true);
  await todo(page, 'Dodge this').click();
  await expect(page.getByRole('alert')).toContainText('can’t be reached');
  await expect(todo(page, 'Dodge this')).not.toBeChecked();
  await context.setOffline(false);
  await page.getByRole('button', { name: 'Try again' }).click();
  await expect(todo(page, 'Dodge this')).toBeChecked();
});
