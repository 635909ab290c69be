/** Leaving this app, or the company's session at its provider too; and being told what has ended and what may be alive. */
import type { Page } from '@playwright/test';
import { employee, KEY, leave, sessionsThere, signInThere, toProvider, whereOf } from './provider';
import { whiteRabbit } from './seed';
import { add, enterEmail, enterPassword, expect, expectSignedOut, revoke, test, todo } from './support';

const TASK = 'Follow the white rabbit';

async function expectSaid(page: Page, ...sentences: RegExp[]): Promise<void> {
  await expect(page.getByRole('heading', { name: 'You are signed out' })).toBeVisible();
  await expect(page).toHaveURL('/signed-out');
  await expect(page.getByRole('status').getByRole('paragraph')).toHaveText(sentences);
}

const signedOut = /^You signed out .*at \d\d:\d\d\.$/;
const here = /^This browser’s session of Curfew is ended, in all its tabs\./;
const mayBeAlive = /^Your session at the sign-in service of White Rabbit may still be open/;
const endedToo = /^Your session at the sign-in service of White Rabbit is ended too\.$/;

test('out of Curfew only: the company’s session may be alive, and lets one in again without a password', async ({
  page,
  request,
}) => {
  const person = await employee(request);
  await signInThere(page, person);
  await add(page, TASK);
  const asked: string[] = [];
  page.on('request', (made) => {
    if (made.url().startsWith(whereOf(whiteRabbit))) asked.push(made.url());
  });

  await leave(page, 'Sign out of Curfew');
  await expectSaid(page, signedOut, here, mayBeAlive);
  await page.reload();
  await expectSaid(page, signedOut, here, mayBeAlive);
  await page.getByRole('link', { name: 'Sign in again' }).click();
  await expect(page.getByLabel('Email')).toBeFocused();
  expect(asked).toEqual([]);
  expect(await sessionsThere(request, person)).toHaveLength(1);

  await enterEmail(page, person.email);
  await expect(todo(page, TASK)).toBeVisible();
  await expect(page).toHaveURL('/');
  expect(asked).not.toEqual([]);
});

test('out of the company’s provider too: through it and back, and then it asks for the password', async ({
  page,
  context,
  request,
}) => {
  const person = await employee(request);
  await signInThere(page, person);
  await add(page, TASK);
  const otherTab = await context.newPage();
  await otherTab.goto('/');
  await expect(todo(otherTab, TASK)).toBeVisible();

  const through = page.waitForRequest((made) => made.url().startsWith(whereOf(whiteRabbit)));
  await leave(page, 'Sign out of White Rabbit too');
  await through;
  await expectSaid(page, signedOut, here, endedToo);
  await expectSignedOut(otherTab, TASK, 'You signed out');
  expect(await sessionsThere(request, person)).toEqual([]);
  await page.reload();
  await expectSaid(page, signedOut, here, endedToo);

  await page.getByRole('link', { name: 'Sign in again' }).click();
  await toProvider(page, person);
  await enterPassword(page, person.password);
  await expect(todo(page, TASK)).toBeVisible();
});

test('a provider that is not there does not keep one in, and its session is not called ended', async ({
  page,
  context,
  request,
}) => {
  const person = await employee(request);
  await signInThere(page, person);
  await add(page, TASK);
  await context.route(`${whereOf(whiteRabbit)}**`, (route) => route.abort('connectionrefused'));
  await leave(page, 'Sign out of White Rabbit too');
  await expect(page).toHaveURL(/^chrome-error:/);
  await page.goBack();
  await expectSaid(page, signedOut, here, mayBeAlive);
  await page.goto('/');
  await expect(page.getByRole('heading', { name: 'Sign in' })).toBeVisible();
  await expect(todo(page, TASK)).toHaveCount(0);
});

test('after a revocation it says that the company did it, how far, and that the password will be asked for', async ({
  page,
  request,
}) => {
  const person = await employee(request);
  await signInThere(page, person);
  await revoke(request, person, KEY);
  await page.goto('/signed-out');
  await expectSaid(
    page,
    /^Your company signed you out .*at \d\d:\d\d\.$/,
    /^Your sessions of Curfew were ended in every browser and on every device\.$/,
    /^Signing in again asks for your password at the sign-in service of White Rabbit/,
  );
});

test('/signed-out typed while signed in says so, and leads to the todos', async ({ page, request }) => {
  const person = await employee(request);
  await signInThere(page, person);
  await add(page, TASK);
  for (const address of ['/signed-out', '/signed-out?state=made-up']) {
    await page.goto(address);
    await expect(page.getByRole('heading', { name: 'You are signed in' })).toBeVisible();
    await expect(page.getByRole('status')).toHaveText('This browser has an open session of Curfew.');
    await expect(page).toHaveURL('/signed-out');
  }
  await page.getByRole('link', { name: 'Go to your todos' }).click();
  await expect(todo(page, TASK)).toBeVisible();
});

test('/signed-out typed by nobody, or with a state that is made up, claims that nothing has ended', async ({
  page,
}) => {
  for (const address of [
    '/signed-out',
    '/signed-out?state=made-up',
    '/signed-out?state=1234567890123456789012',
  ]) {
    await page.goto(address);
    await expectSaid(page, /^Nobody is signed in to Curfew in this browser\.$/);
  }
});
