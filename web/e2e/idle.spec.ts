/** The warning before a session ends that nobody uses. Its times are made up, so that nobody waits for them. */
import type { BrowserContext, Page } from '@playwright/test';
import { add, expect, expectSignedOut, revoke, signIn, tabTo, test, todo } from './support';

const TASK = 'Follow the white rabbit';
const ME = '**/api/users/me';
const warning = (page: Page) => page.getByRole('region', { name: 'You will be signed out' });

interface Answer {
  session: { idleExpiresAt: string; expiresAt: string };
}

/** From now on the API seems to say that the session ends by then. */
async function sayThatItEnds(
  context: BrowserContext,
  which: keyof Answer['session'],
  at: number,
): Promise<void> {
  await context.route(ME, async (route) => {
    const answer = await route.fetch();
    const person = (await answer.json()) as Answer;
    person.session[which] = new Date(at).toISOString();
    await route.fulfill({ response: answer, json: person });
  });
}

test('it counts down, can be answered by keys, and is gone in all tabs then', async ({
  page,
  context,
  person,
}) => {
  await signIn(page, person);
  await sayThatItEnds(context, 'idleExpiresAt', Date.now() + 100_000);
  await page.reload();
  const otherTab = await context.newPage();
  await otherTab.goto('/');
  await page.getByRole('textbox', { name: 'New todo' }).focus();
  for (const each of [page, otherTab]) {
    await expect(warning(each)).toContainText(
      /You will be signed out in 1:\d\d because you have not used Curfew\./,
    );
    await expect(warning(each).getByRole('alert')).toContainText('less than 2 minutes');
  }
  const left = await warning(page).getByRole('timer').innerText();
  await expect(warning(page).getByRole('timer')).not.toHaveText(left);
  await expect(page.getByRole('textbox', { name: 'New todo' })).toBeFocused();
  await page.mouse.move(10, 10);
  await page.mouse.move(200, 200);

  await tabTo(page, page.getByRole('button', { name: 'Stay signed in' }));
  await expect(warning(page)).toBeVisible();
  await context.unroute(ME);
  const asked = page.waitForRequest(ME);
  await page.keyboard.press('Enter');
  expect((await asked).headers()['curfew-background']).toBeUndefined();
  for (const each of [page, otherTab]) await expect(warning(each)).toHaveCount(0);
});

test('at the end of it the page asks, and leaves', async ({ page, context, request, person }) => {
  // Told by nothing but the clock.
  await context.route('**/api/live', (route) => route.abort('connectionreset'));
  await page.clock.install();
  await signIn(page, person);
  await add(page, TASK);
  await sayThatItEnds(context, 'idleExpiresAt', Date.now() + 100_000);
  await page.reload();
  await expect(warning(page)).toBeVisible();
  await context.unroute(ME);
  await revoke(request, person);
  const asked = page.waitForRequest(ME);
  await page.clock.fastForward(100_000);
  await expectSignedOut(page, TASK);
  expect((await asked).headers()['curfew-background']).toBe('?1');
});

test('the end that nothing puts off is announced without a button', async ({ page, context, person }) => {
  await signIn(page, person);
  await add(page, TASK);
  await sayThatItEnds(context, 'expiresAt', Date.now() + 200_000);
  await page.reload();
  await expect(page.getByText(/^Your sign-in ends at \d\d:\d\d\. Sign in again to go on\.$/)).toBeVisible();
  await expect(warning(page)).toHaveCount(0);
  await expect(todo(page, TASK)).toBeVisible();
});
