/** What the specs share: a person of their own, a browser of theirs, and the words of the pages. */
import { randomUUID } from 'node:crypto';
import {
  expect,
  test as base,
  type APIRequestContext,
  type BrowserContext,
  type Locator,
  type Page,
} from '@playwright/test';
import { seed, setting, zion } from './seed';

export interface Person {
  email: string;
  name: string;
  password: string;
}

interface Fixtures {
  /** Makes someone new who signs in with a password: in the company of that domain, or without one. */
  newPerson: (domain?: string) => Promise<Person>;
  person: Person;
  /** What the page or its policy complained about in the browser's console; must be nothing at the end. */
  complaints: undefined;
}

/** Somebody whom nobody knows yet. */
export function invent(domain: string): Person {
  const id = randomUUID().slice(0, 13);
  return { email: `e2e-${id}@${domain}`, name: `Person ${id}`, password: `a password for ${id}` };
}

export const test = base.extend<Fixtures>({
  newPerson: async ({}, provide) => {
    await provide(async (domain = zion) => {
      const person = invent(domain);
      await seed('user', 'add', person.email, '--name', person.name, '--password', person.password);
      return person;
    });
  },
  person: async ({ newPerson }, provide) => {
    await provide(await newPerson());
  },
  complaints: [
    async ({ context }, provide) => {
      const heard: string[] = [];
      const providers = `${setting('CURFEW_IDP_URL')}/`;
      const hear = (where: string | undefined, message: string) => {
        // The pages of a provider are not ours to judge.
        if (!where?.startsWith(providers)) heard.push(message);
      };
      context.on('weberror', (error) => {
        hear(error.page()?.url(), error.error().message);
      });
      context.on('console', (message) => {
        // A call that fails is logged by the browser itself; the specs are about just those.
        if (message.type() === 'error' && !message.text().startsWith('Failed to load resource'))
          hear(message.location().url, message.text());
      });
      await provide(undefined);
      expect(heard).toEqual([]);
    },
    { auto: true },
  ],
});

export { expect };

/** Whatever the reason. */
export const signedOutNotice = /Sign in again to go on\.$/;
/** The reason it gives; around midnight with its date. */
export const because = (reason: string) =>
  new RegExp(`^${reason} (on .* )?at \\d\\d:\\d\\d\\b.*\\. Sign in again to go on\\.$`);

/** The first step of signing in, which decides about the second. */
export async function enterEmail(page: Page, email: string): Promise<void> {
  await page.getByLabel('Email').fill(email);
  await page.getByRole('button', { name: 'Continue' }).click();
}

/** The second step, here and at a provider. */
export async function enterPassword(page: Page, password: string): Promise<void> {
  await page.getByLabel('Password').fill(password);
  await page.getByRole('button', { name: 'Sign in' }).click();
}

export async function fillIn(page: Page, person: Person): Promise<void> {
  await enterEmail(page, person.email);
  await enterPassword(page, person.password);
}

export async function signIn(page: Page, person: Person, path = '/'): Promise<void> {
  await page.goto(path);
  await fillIn(page, person);
  await expect(page.getByRole('banner')).toContainText(person.name);
}

export function todo(page: Page, task: string): Locator {
  return page.getByRole('checkbox', { name: task, exact: true });
}

export async function add(page: Page, task: string): Promise<void> {
  await page.getByRole('textbox', { name: 'New todo' }).fill(task);
  await page.getByRole('button', { name: 'Add' }).click();
  await expect(todo(page, task)).toBeVisible();
}

/** The article's curl, by a key of the person's company. Sent from outside of the browser: no cookie, no origin. */
export async function revoke(
  request: APIRequestContext,
  person: Person,
  key = setting('CURFEW_E2E_KEY'),
): Promise<void> {
  const answer = await request.post('/global-token-revocation', {
    headers: { authorization: `Bearer ${key}` },
    data: { sub_id: { format: 'email', email: person.email } },
  });
  expect(answer.status()).toBe(204);
}

/** A browser whose tabs are not told of an end: they find out at their next call, which is the guarantee. */
export async function deafen(context: BrowserContext): Promise<void> {
  await context.addInitScript(() => {
    Reflect.deleteProperty(Navigator.prototype, 'locks');
  });
}

/** On the sign-in page, told why, and nothing of the list left on it. */
export async function expectSignedOut(
  page: Page,
  task: string,
  reason = 'Your company signed you out',
): Promise<void> {
  await expect(page.getByRole('heading', { name: 'Sign in' })).toBeVisible();
  await expect(page.getByRole('status')).toHaveText(because(reason));
  await expect(page).toHaveURL(/\/signin(\?|$)/);
  await expect(todo(page, task)).toHaveCount(0);
}

/** Presses Tab until the element has the focus; gives up when Tab can't reach it. */
export async function tabTo(page: Page, target: Locator): Promise<void> {
  for (let presses = 0; presses < 30; presses += 1) {
    if (await target.evaluate((element) => element === document.activeElement)) return;
    await page.keyboard.press('Tab');
  }
  await expect(target).toBeFocused();
}
