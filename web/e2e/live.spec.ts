/** Tabs that leave at once: nobody touches them, and nothing of the person's stays on the screen. */
import type { BrowserContext, Page } from '@playwright/test';
import {
  add,
  deafen,
  expect,
  expectSignedOut,
  fillIn,
  revoke,
  signIn,
  test,
  todo,
  type Person,
} from './support';

const TASK = 'Follow the white rabbit';

/** The tabs of a browser that have begun to hold the stream, in that order. */
function holders(context: BrowserContext): Page[] {
  const all: Page[] = [];
  context.on('request', (made) => {
    if (new URL(made.url()).pathname === '/api/live') all.push(made.frame().page());
  });
  return all;
}

async function openTab(context: BrowserContext, path = '/'): Promise<Page> {
  const tab = await context.newPage();
  await tab.goto(path);
  await expect(todo(tab, TASK)).toBeVisible();
  return tab;
}

async function signedInWithTask(page: Page, person: Person): Promise<void> {
  await signIn(page, person);
  await add(page, TASK);
}

test('all tabs of all browsers are at sign-in, told why, and back by one sign-in', async ({
  page,
  context,
  browser,
  request,
  person,
}) => {
  await signedInWithTask(page, person);
  const otherTab = await openTab(context, '/?show=open');
  const elsewhere = await browser.newContext();
  const otherBrowser = await elsewhere.newPage();
  await signIn(otherBrowser, person);
  await expect(todo(otherBrowser, TASK)).toBeVisible();

  await revoke(request, person);
  for (const each of [page, otherTab, otherBrowser]) await expectSignedOut(each, TASK);

  await fillIn(page, person);
  await expect(todo(page, TASK)).toBeVisible();
  await expect(todo(otherTab, TASK)).toBeVisible();
  await expect(otherTab).toHaveURL('/?show=open');
  await expect(otherBrowser.getByRole('heading', { name: 'Sign in' })).toBeVisible();
  await elsewhere.close();
});

test('the next tab takes over from one that is closed', async ({ page, context, request, person }) => {
  const holding = holders(context);
  await signedInWithTask(page, person);
  const otherTab = await openTab(context);
  await expect.poll(() => holding).toEqual([page]);

  await page.close();
  await expect.poll(() => holding).toEqual([page, otherTab]);
  await revoke(request, person);
  await expectSignedOut(otherTab, TASK);
});

test('the next tab takes over from one that goes to another site, and comes back by “back”', async ({
  page,
  context,
  request,
  person,
}) => {
  const holding = holders(context);
  await signedInWithTask(page, person);
  const otherTab = await openTab(context);
  await page.goto('about:blank');
  await expect.poll(() => holding).toEqual([page, otherTab]);

  await page.goBack();
  await expect(todo(page, TASK)).toBeVisible();
  await revoke(request, person);
  for (const each of [page, otherTab]) await expectSignedOut(each, TASK);
});

test('each tab asks once, however many there are', async ({ page, context, request, person }) => {
  await signedInWithTask(page, person);
  const tabs = [page];
  for (let each = 1; each < 6; each += 1) tabs.push(await openTab(context));
  let asked = 0;
  context.on('request', (made) => {
    if (new URL(made.url()).pathname === '/api/users/me') asked += 1;
  });
  await revoke(request, person);
  for (const each of tabs) await expectSignedOut(each, TASK);
  expect(asked).toBe(tabs.length);
});

test('without locks a tab leaves when it is come back to', async ({ page, context, request, person }) => {
  await deafen(context);
  const holding = holders(context);
  await signedInWithTask(page, person);
  await revoke(request, person);
  expect(holding).toEqual([]);
  await expect(todo(page, TASK)).toBeVisible();
  await page.evaluate(() => document.dispatchEvent(new Event('visibilitychange', { bubbles: true })));
  await expectSignedOut(page, TASK);
});

test('a stream that breaks off begins anew, and tells what was missed', async ({
  page,
  context,
  request,
  person,
}) => {
  const holding = holders(context);
  await context.route('**/api/live', (route) => route.abort('connectionreset'));
  await signedInWithTask(page, person);
  await revoke(request, person);
  await expect.poll(() => holding.length).toBeGreaterThan(1);
  await expect(todo(page, TASK)).toBeVisible();
  await context.unroute('**/api/live');
  await expectSignedOut(page, TASK);
});
