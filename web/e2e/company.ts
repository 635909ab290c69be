/** A company of a spec's own, so that everybody of it can be signed out; its people, and browsers of theirs. */
import type { Browser, Page } from '@playwright/test';
import { seed } from './seed';
import { expect, invent, signIn, type Person } from './support';

const agents = {
  'Chrome on Windows':
    'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36',
  'Safari on iPhone':
    'Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Mobile/15E148 Safari/604.1',
  'Firefox on Linux': 'Mozilla/5.0 (X11; Linux x86_64; rv:144.0) Gecko/20100101 Firefox/144.0',
};
export type Device = keyof typeof agents;

/** Another browser of that kind, in which the person signs in. */
export async function signInOn(browser: Browser, device: Device, person: Person, path = '/'): Promise<Page> {
  const context = await browser.newContext({ userAgent: agents[device] });
  const page = await context.newPage();
  await signIn(page, person, path);
  return page;
}

export async function newCompany(): Promise<string> {
  const domain = `${invent('x').email.replace('@x', '')}.fake`;
  await seed('org', 'add', domain);
  return domain;
}

export async function hire(domain: string, role: 'owner' | 'admin' | 'auditor' | 'member'): Promise<Person> {
  const person = invent(domain);
  const { email, name, password } = person;
  await seed('user', 'add', email, '--name', name, '--password', password, '--role', role);
  return person;
}

/** At sign-in and told why, by itself: nobody touches that browser. */
export async function expectOut(page: Page, reason: RegExp): Promise<void> {
  await expect(page.getByRole('heading', { name: 'Sign in' })).toBeVisible();
  await expect(page.getByRole('status')).toHaveText(reason);
  await expect(page).toHaveURL(/\/signin(\?|$)/);
}

export async function expectIn(page: Page, person: Person): Promise<void> {
  await page.reload();
  await expect(page.getByRole('banner')).toContainText(person.name);
}
