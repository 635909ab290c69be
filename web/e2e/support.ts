/** What the specs share: a person of their own, a browser of theirs, and the words of the pages. */
import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { promisify } from 'node:util';
import { expect, test as base, type APIRequestContext, type Locator, type Page } from '@playwright/test';

export interface Person {
  email: string;
  name: string;
  password: string;
}

interface Fixtures {
  /** Makes someone new. whiterabbit.fake is the company whose key the demo knows. */
  newPerson: (domain?: string) => Promise<Person>;
  person: Person;
  /** What the page or its policy complained about in the browser's console; must be nothing at the end. */
  complaints: undefined;
}

const run = promisify(execFile);

async function addPerson(domain: string): Promise<Person> {
  const seed = process.env.CURFEW_SEED;
  if (!seed) throw new Error('Set CURFEW_SEED to the path of the `seed` executable.');
  const id = randomUUID().slice(0, 13);
  const person = { email: `e2e-${id}@${domain}`, name: `Person ${id}`, password: `a password for ${id}` };
  await run(seed, ['user', 'add', person.email, '--name', person.name, '--password', person.password]);
  return person;
}

export const test = base.extend<Fixtures>({
  newPerson: async ({}, provide) => {
    await provide((domain = 'whiterabbit.fake') => addPerson(domain));
  },
  person: async ({ newPerson }, provide) => {
    await provide(await newPerson());
  },
  complaints: [
    async ({ context }, provide) => {
      const heard: string[] = [];
      context.on('weberror', (error) => heard.push(error.error().message));
      context.on('console', (message) => {
        // A call that fails is logged by the browser itself; the specs are about just those.
        if (message.type() === 'error' && !message.text().startsWith('Failed to load resource'))
          heard.push(message.text());
      });
      await provide(undefined);
      expect(heard).toEqual([]);
    },
    { auto: true },
  ],
});

export { expect };

export const signedOutNotice = 'You have been signed out. Sign in again to go on.';

export async function fillIn(page: Page, person: Person): Promise<void> {
  await page.getByLabel('Email').fill(person.email);
  await page.getByLabel('Password').fill(person.password);
  await page.getByRole('button', { name: 'Sign in' }).click();
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

/** The article's curl. Sent from outside of the browser: no cookie, no origin. */
export async function revoke(request: APIRequestContext, person: Person): Promise<void> {
  const answer = await request.post('/global-token-revocation', {
    headers: { authorization: 'Bearer 131313' },
    data: { sub_id: { format: 'email', email: person.email } },
  });
  expect(answer.status()).toBe(204);
}

/** On the sign-in page, told why, and nothing of the list left on it. */
export async function expectSignedOut(page: Page, task: string): Promise<void> {
  await expect(page.getByRole('heading', { name: 'Sign in' })).toBeVisible();
  await expect(page.getByRole('status')).toHaveText(signedOutNotice);
  await expect(page).toHaveURL(/\/signin(\?|$)/);
  await expect(todo(page, task)).toHaveCount(0);
}
