import { render, screen } from '@testing-library/react';
import { expect, test } from 'vitest';
import { Ago } from './Ago';

const NOW = new Date('2026-11-20T14:00:00Z');

test.each([
  ['2026-11-20T14:00:09Z', 'just now'],
  ['2026-11-20T13:59:01Z', 'just now'],
  ['2026-11-20T13:59:00Z', '1 minute ago'],
  ['2026-11-20T13:00:01Z', '59 minutes ago'],
  ['2026-11-20T13:00:00Z', '1 hour ago'],
  ['2026-11-19T14:00:01Z', '23 hours ago'],
  ['2026-11-18T13:00:00Z', '2 days ago'],
])('%s is %s', (at, words) => {
  render(<Ago at={at} now={NOW} />);
  expect(screen.getByText(words).getAttribute('datetime')).toBe(at);
});
