/** The command line that makes companies, people and keys, and what the specs make with it. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** What the environment has to say, or a sentence that it does not. */
export function setting(name: string): string {
  const value = process.env[name];
  if (!value) throw new Error(`Set ${name}: dev/test e2e does.`);
  return value;
}

export async function seed(...args: string[]): Promise<string> {
  return (await run(setting('CURFEW_SEED'), args)).stdout.trim();
}

/** A company without a provider: its people sign in with passwords. */
export const zion = 'zion.fake';

/** Companies whose people sign in at providers of their own; the first is the article's. */
export const whiteRabbit = 'whiterabbit.fake';
export const matrix = 'matrix.fake';
