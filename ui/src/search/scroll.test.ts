import { expect, test } from 'vitest';

import { TALLEST, placeOf, scrolled } from './scroll';

const view = 800;

test('a list that can be laid out is where its scroll bar is', () => {
  const heights = { list: 50_000, view };
  expect(scrolled({ top: 0, shift: 0 }, 40_000, heights)).toEqual({ top: 40_000, shift: 0 });
  expect(placeOf(99_999, heights)).toEqual({ top: 49_200, shift: 0 });
});

test('a higher one moves by pixels with the wheel, and reaches its end by the scroll bar', () => {
  const heights = { list: 40_000_000, view };
  const start = placeOf(20_000_000, heights);
  expect(start.top + start.shift).toBe(20_000_000);
  const step = scrolled(start, start.top + 120, heights);
  expect(step.top + step.shift).toBe(20_000_120);
  const end = scrolled(step, TALLEST - view, heights);
  expect(end.top + end.shift).toBeCloseTo(40_000_000 - view);
  const back = scrolled(end, 0, heights);
  expect(back.top + back.shift).toBe(0);
});
