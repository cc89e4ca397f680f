import { expect, test, vi } from 'vitest';

import type { Hit, SearchResults } from '../bindings';
import { PADDING } from './geometry';
import { HitList } from './list.svelte';
import { TALLEST } from './scroll';
import { Viewport } from './viewport.svelte';

/** Of a list of so many photos, of which the first hundred are there. */
function open(total: number) {
  const hits = Array.from({ length: 100 }, (_, index) => ({ mediaId: index + 1 }) as Hit);
  const first = { total, hits, next: total > 100 ? '100' : null } as SearchResults;
  const wish = { text: '', sort: 'newest' as const, like: { more: [], less: [] } };
  const source = { page: () => Promise.reject(), bars: () => Promise.reject() };
  const list = new HitList(wish, first, source);
  const onScroll = vi.fn();
  const viewport = new Viewport(() => list, onScroll);
  viewport.element = document.createElement('div');
  return { list, viewport, onScroll };
}

const scrollTo = (viewport: Viewport, top: number, now = 0) => {
  if (viewport.element !== undefined) viewport.element.scrollTop = top;
  viewport.follow(now);
};

test('rows are drawn that are in sight, and a little around', () => {
  const { viewport } = open(100);
  const before = viewport.rows;
  expect(before[0]?.first).toBe(0);
  expect(before.length).toBeLessThan(viewport.geometry.rowsBetween(0, Infinity).length);
  scrollTo(viewport, viewport.geometry.height - viewport.height);
  expect(viewport.rows[0]?.first).toBeGreaterThan(0);
  expect(viewport.rows.at(-1)?.hits.at(-1)?.mediaId).toBe(100);
});

test('what draws the rows has nothing to do until one comes or goes', () => {
  const { viewport } = open(100);
  scrollTo(viewport, 400);
  const before = viewport.rows;
  scrollTo(viewport, 402);
  expect(viewport.rows).toBe(before);
  scrollTo(viewport, 402 + (before[0]?.height ?? 0) * 2);
  expect(viewport.rows).not.toBe(before);
  const kept = viewport.rows.filter((row) => before.includes(row));
  expect(kept.length).toBeGreaterThan(1);
});

test('what passes too fast to be seen is told from what is looked through', () => {
  vi.useFakeTimers();
  const { viewport } = open(100);
  scrollTo(viewport, 100, 1000);
  expect(viewport.hurried).toBe(false);
  scrollTo(viewport, 200, 1016);
  expect(viewport.hurried).toBe(true);
  scrollTo(viewport, 208, 1032);
  expect(viewport.hurried).toBe(false);
  scrollTo(viewport, 1000, 1048);
  vi.runAllTimers();
  expect([viewport.hurried, viewport.moving]).toEqual([false, false]);
  vi.useRealTimers();
});

test('nothing beyond the ends is looked at, and where it is is told', () => {
  const { viewport, onScroll } = open(100);
  const last = viewport.geometry.height - viewport.height;
  viewport.moveTo(1e9);
  expect(viewport.at).toBe(last);
  expect(viewport.element?.scrollTop).toBe(last);
  expect(onScroll).toHaveBeenLastCalledWith(last);
  viewport.moveTo(-50);
  expect(viewport.at).toBe(0);
});

test('a photo comes into sight with the least movement', () => {
  const { viewport } = open(100);
  viewport.show(0);
  expect(viewport.at).toBe(0);
  viewport.show(99);
  const row = viewport.geometry.rowOf(99);
  expect(viewport.at + viewport.height).toBe((row?.top ?? 0) + (row?.height ?? 0) + PADDING);
  viewport.show(0);
  expect(viewport.at).toBe(0);
});

test('pages that are not there are outlined and said', () => {
  const { viewport } = open(300);
  expect([viewport.firstPage, viewport.outlines]).toEqual([0, []]);
  viewport.showPage(1);
  expect(viewport.at).toBe(viewport.geometry.topOf(1));
  expect(viewport.outlines[0]).toMatchObject({ page: 1, top: viewport.at });
});

test('the width decides on the rows, and a list that became shorter may end before the place', () => {
  const { viewport } = open(100);
  viewport.moveTo(1e9);
  const height = viewport.geometry.height;
  viewport.wide = 1600;
  expect(viewport.geometry.height).toBeLessThan(height);
  expect(viewport.isBeyondEnd).toBe(true);
  viewport.moveTo(viewport.geometry.height);
  expect(viewport.isBeyondEnd).toBe(false);
});

test('what is looked at stays in place when a page above it turns out otherwise', async () => {
  const { list, viewport } = open(1000);
  const before = viewport.geometry;
  viewport.showPage(3);
  const [, second] = list.pages;
  if (second !== undefined) second.count = 50;
  list.learn([]);
  const now = viewport.geometry;
  expect(now.topOf(3)).toBeLessThan(before.topOf(3));
  await viewport.stay(before, now);
  expect(viewport.at).toBe(now.topOf(3));
});

test('a list that is higher than can be laid out is reached to its end', () => {
  const { list, viewport } = open(5_000_000);
  list.learn([]);
  expect(viewport.geometry.height).toBeGreaterThan(TALLEST);
  viewport.moveTo(viewport.geometry.height);
  expect(viewport.at).toBe(viewport.geometry.height - viewport.height);
  expect(viewport.element?.scrollTop).toBeLessThan(TALLEST);
  expect(viewport.at - viewport.shift).toBe(viewport.element?.scrollTop);
});
