import { expect, test } from 'vitest';

import { changes } from './changes';

test('only the fields that differ are told', () => {
  const before = { status: 'SUGGESTED', suggested_user_id: 4, media_id: 1 };
  const after = { status: 'CONFIRMED', identified_user_id: 4, media_id: 1 };
  expect(changes(before, after)).toEqual([
    { field: 'status', before: 'SUGGESTED', after: 'CONFIRMED' },
    { field: 'suggested_user_id', before: '4', after: 'none' },
    { field: 'identified_user_id', before: 'none', after: '4' },
  ]);
});

test('an entry without rows changed nothing', () => {
  expect(changes(null, null)).toEqual([]);
});

test('a long value is cut off', () => {
  expect(changes(null, 'x'.repeat(10_000))[0]?.after.length).toBeLessThan(300);
});
