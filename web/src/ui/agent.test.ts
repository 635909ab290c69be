import { expect, test } from 'vitest';
import { deviceOf, devicesOf } from './agent';

const windows = 'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko)';
const chrome = `${windows} Chrome/142.0.0.0 Safari/537.36`;
const apple = (what: string) =>
  `Mozilla/5.0 (${what} like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Mobile/15E148 Safari/604.1`;
const iphone = apple('iPhone; CPU iPhone OS 18_5');

test.each([
  [chrome, 'Chrome on Windows'],
  [`${chrome} Edg/142.0.0.0`, 'Microsoft Edge on Windows'],
  [iphone, 'Safari on iPhone'],
  [apple('iPad; CPU OS 17_5'), 'Safari on iPad'],
  [
    'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Safari/605.1.15',
    'Safari on macOS',
  ],
  ['Mozilla/5.0 (X11; Linux x86_64; rv:144.0) Gecko/20100101 Firefox/144.0', 'Firefox on Linux'],
  [
    'Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) SamsungBrowser/28.0 Chrome/130.0.0.0 Mobile Safari/537.36',
    'Samsung Internet on Android',
  ],
])('%s is called %s', (agent, device) => {
  expect(deviceOf(agent)).toBe(device);
});

test.each([
  ['nothing', undefined],
  ['null', null],
  ['an empty name', ''],
  ['a command line', 'curl/8.5.0'],
  ['a name of one’s own choice', 'Your administrator/1.0 (call 555-0100)'],
])('%s is no browser that we know', (_, agent) => {
  expect(deviceOf(agent)).toBe('Unknown browser');
});

test('several of a kind are counted, and a long list is cut short', () => {
  expect(devicesOf([chrome, iphone, chrome])).toBe('Chrome on Windows (2), Safari on iPhone');
  expect(devicesOf([chrome, iphone, null], 1)).toBe('Chrome on Windows and 2 other kinds of browser');
  expect(devicesOf([chrome, iphone], 1)).toBe('Chrome on Windows, Safari on iPhone');
  expect(devicesOf([])).toBe('');
});
