/** A company that signs its people in itself: its people, the way through its provider, and both ways out. */
import type { APIRequestContext, Locator, Page } from '@playwright/test';
import { setting, whiteRabbit } from './seed';
import { enterEmail, enterPassword, expect, invent, type Person } from './support';

/** The key of whiterabbit.fake that the article knows. */
export const KEY = '131313';

export const whereOf = (company: string) => `${setting('CURFEW_IDP_URL')}/${company}/`;
const adminOf = (company: string) => `${setting('CURFEW_IDP_URL')}/admin/api/${company}`;

/** Somebody whom so far only the company's provider knows. */
export async function employee(request: APIRequestContext, company = whiteRabbit): Promise<Person> {
  const person = invent(company);
  const answer = await request.post(`${adminOf(company)}/people`, { data: person });
  expect(answer.status()).toBe(201);
  return person;
}

/** Their sessions at the provider itself. */
export async function sessionsThere(request: APIRequestContext, { email }: Person): Promise<string[]> {
  const answer = await request.get(`${adminOf(whiteRabbit)}/sessions`);
  const all = (await answer.json()) as { uid: string; email: string }[];
  return all.filter((session) => session.email === email).map(({ uid }) => uid);
}

/** A tab of the provider's administration page. */
export async function administration(page: Page): Promise<Page> {
  const tab = await page.context().newPage();
  await tab.goto(`${setting('CURFEW_IDP_URL')}/admin`);
  return tab;
}

/** Until the provider has told the app and knows its answer. */
export async function press(button: Locator): Promise<void> {
  const answered = button.page().waitForResponse((answer) => answer.request().method() === 'POST');
  await button.click();
  expect((await answered).status()).toBe(303);
}

/** From our sign-in page to the provider's, which asks for the password of just this person. */
export async function toProvider(page: Page, person: Person, company = whiteRabbit): Promise<void> {
  await enterEmail(page, person.email);
  await expect(page).toHaveURL(({ href }) => href.startsWith(whereOf(company)));
  await expect(page.getByLabel('Email')).toHaveValue(person.email);
  await expect(page.getByLabel('Password')).toHaveValue('');
}

export async function signInThere(
  page: Page,
  person: Person,
  path = '/',
  company = whiteRabbit,
): Promise<void> {
  await page.goto(path);
  await toProvider(page, person, company);
  await enterPassword(page, person.password);
  await expect(page.getByRole('banner')).toContainText(person.name);
  await expect(page).toHaveURL(path);
}

export type WayOut = 'Sign out of Curfew' | 'Sign out of White Rabbit too';

export async function leave(page: Page, way: WayOut): Promise<void> {
  await page.getByRole('button', { name: 'Sign out', exact: true }).click();
  await page.getByRole('button', { name: way }).click();
}

export const second = () => Math.floor(Date.now() / 1000);

/** A provider counts in whole seconds when somebody gave a password: in a later one it is seen to be a new time. */
export async function expectLaterThan(moment: number): Promise<void> {
  await expect.poll(second).toBeGreaterThan(moment);
}
