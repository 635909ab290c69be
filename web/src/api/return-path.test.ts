import { expect, test } from 'vitest';
import { safeReturnPath } from './return-path';

const ORIGIN = 'https://curfew.example';

test.each([
  ['/', '/'],
  ['/?show=open', '/?show=open'],
  ['/account/password', '/account/password'],
  ['/a/../b?x=//y#z', '/b?x=//y'],
  ['/?next=https://evil.example', '/?next=https://evil.example'],
  ['/sign-in-sheets', '/sign-in-sheets'],
])('%s is a way back', (wanted, path) => {
  expect(safeReturnPath(wanted, ORIGIN)).toBe(path);
});

test.each([
  [undefined],
  [null],
  [1],
  [['/']],
  [{ toString: () => '/' }],
  [''],
  ['todos'],
  ['//evil.example'],
  ['///evil.example'],
  ['/\\evil.example'],
  ['\\\\evil.example'],
  ['/a\\b'],
  ['/\t/evil.example'],
  ['/\n/evil.example'],
  ['\t//evil.example'],
  [' //evil.example'],
  ['/.//evil.example'],
  ['/..//evil.example'],
  ['/%2e//evil.example'],
  ['https://evil.example'],
  ['https:evil.example'],
  ['https://curfew.example/'],
  ['javascript:alert(1)'],
  ['data:text/html,x'],
  ['@evil.example'],
  // These would go round in circles, or greet someone who has just signed in with "signed out".
  ['/signin'],
  ['/signin?next=/signin'],
  ['/signin/'],
  ['/./signin'],
  ['/signed-out'],
  [`/?${'x'.repeat(2000)}`],
])('%j is none', (wanted) => {
  expect(safeReturnPath(wanted, ORIGIN)).toBe('/');
});
