import { expect, test } from 'vitest';

import { GAP, aspect, guessedHeight, justify, rowHeight } from './layout';

const many = Array.from({ length: 100 }, (_, index) => [1.5, 0.75, 1.78, 1][index % 4] ?? 1);

test('every picture has one place, and every row is as wide as the grid', () => {
  const rows = justify(many, 1200, 180);
  expect(rows.flatMap(({ places }) => places)).toHaveLength(many.length);
  expect(rows.map(({ from }) => from)).toEqual(
    rows.map((_, index) => rows.slice(0, index).reduce((sum, row) => sum + row.places.length, 0)),
  );
  for (const { places } of rows) {
    const last = places.at(-1);
    expect(Math.abs((last?.left ?? 0) + (last?.width ?? 0) - 1200)).toBeLessThanOrEqual(1);
  }
});

test('rows differ little in height', () => {
  for (const width of [640, 1000, 1900, 3800]) {
    for (const { height } of justify(many, width, 180)) {
      expect(height).toBeGreaterThan(180 * 0.6);
      expect(height).toBeLessThanOrEqual(180 * 1.5);
    }
  }
});

test('few pictures are not blown up', () => {
  expect(justify([1.5], 1200, 180)).toEqual([
    { from: 0, height: 225, places: [{ left: 0, width: 338 }] },
  ]);
  expect(justify([], 1200, 180)).toEqual([]);
});

test('sizes that are none are those of a usual picture', () => {
  expect(aspect({ width: null, height: null })).toBeCloseTo(4 / 3);
  expect(aspect({ width: 0, height: -3 })).toBeCloseTo(4 / 3);
  expect(aspect({ width: 2147483647, height: 1 })).toBe(2.4);
  expect(aspect({})).toBeCloseTo(4 / 3);
});

test('a large screen shows larger pictures', () => {
  expect(rowHeight({ width: 1200, height: 700 })).toBe(176);
  const large = rowHeight({ width: 3800, height: 2100 });
  expect((3800 * 2100) / (large * large * (4 / 3))).toBeLessThanOrEqual(120);
});

test('the guess is near what comes', () => {
  const usual = Array.from({ length: 100 }, () => 4 / 3);
  const rows = justify(usual, 1200, 180);
  const height = rows.reduce((sum, { height }) => sum + height + GAP, 0);
  expect(Math.abs(guessedHeight(100, 1200, 180) - height) / height).toBeLessThan(0.1);
});
