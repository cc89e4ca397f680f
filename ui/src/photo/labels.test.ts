import { expect, test } from 'vitest';

import { shared } from './geometry';
import { placeLabels, type Labelled } from './labels';

const room = { x: 100, y: 50, width: 600, height: 400 };
const label = { width: 120, height: 20 };
const one = (id: number, x: number, y: number, more: Partial<Labelled> = {}): Labelled => ({
  id,
  box: { x, y, width: 80, height: 80 },
  label,
  weight: 1,
  needed: false,
  ...more,
});

test('a label stands above its box, and below where there is no room above', () => {
  const placed = placeLabels([one(1, 300, 200), one(2, 500, 52)], room);
  expect(placed.get(1)).toEqual({ x: 300, y: 176, ...label });
  expect(placed.get(2)).toEqual({ x: 500, y: 50, ...label });
});

test('labels stay inside the picture, wherever their boxes are', () => {
  const boxes = Array.from({ length: 60 }, (_, index) =>
    one(index, 40 + ((index * 97) % 720), 10 + ((index * 61) % 480), { needed: index % 7 === 0 }),
  );
  for (const { x, y, width, height } of placeLabels(boxes, room).values()) {
    expect(x).toBeGreaterThanOrEqual(room.x);
    expect(y).toBeGreaterThanOrEqual(room.y);
    expect(x + width).toBeLessThanOrEqual(room.x + room.width);
    expect(y + height).toBeLessThanOrEqual(room.y + room.height);
  }
});

test('no label covers another one, and the one that is needed is always there', () => {
  const crowd = Array.from({ length: 40 }, (_, index) =>
    one(index, 200 + (index % 8) * 12, 150 + index, { needed: index === 33, weight: index === 33 ? 2 : 1 }),
  ); // prettier-ignore
  const placed = placeLabels(crowd, room);
  expect(placed.has(33)).toBe(true);
  expect(placed.size).toBeLessThan(crowd.length);
  const all = [...placed.values()];
  for (const [index, a] of all.entries()) {
    for (const b of all.slice(index + 1)) expect(shared(a, b)).toBeNull();
  }
});

test('a label wider than the picture shows its beginning', () => {
  const placed = placeLabels([one(1, 300, 200, { label: { width: 900, height: 20 } })], room);
  expect(placed.get(1)?.x).toBe(room.x);
});

test('a box that is out of sight has no label', () => {
  expect(placeLabels([one(1, 900, 200)], room).size).toBe(0);
});
