import { expect, test } from 'vitest';

import type { Hit } from '../bindings';
import { Geometry, PADDING } from './geometry';
import { LaidPages } from './laid';
import { GAP } from './layout';
import type { Page } from './list.svelte';

const measure = { width: 600, target: 180 };

/** A page of so many square photos, whose ids follow one another. */
function page(first: number, count: number, there = true): Page {
  const ids = Array.from({ length: count }, (_, index) => first + index);
  const hits = ids.map((mediaId) => ({ mediaId, width: 1, height: 1 }) as Hit);
  return {
    text: '',
    cursor: null,
    count,
    hits: there ? hits : undefined,
    ids: there ? ids : [],
  };
}

const geometry = (pages: readonly Page[], laid = new LaidPages()) =>
  new Geometry(pages, laid, measure);

const three = () => [page(100, 9), page(200, 9), page(300, 9)];

test('pages follow one another without a gap, and make up the list', () => {
  const all = geometry(three());
  const tops = [0, 1, 2, 3].map((index) => all.topOf(index));
  expect(tops[0]).toBe(PADDING);
  expect(all.height).toBe((tops[3] ?? 0) + PADDING);
  expect(tops.slice(0, 3).map((top) => all.pageAt(top))).toEqual([0, 1, 2]);
  expect([all.pageAt(-1000), all.pageAt(all.height + 1000)]).toEqual([0, 2]);
});

test('a photo has its place among all hits', () => {
  const all = geometry(three());
  expect(all.indexOf(204)).toBe(13);
  expect(all.hitAt(13)?.mediaId).toBe(204);
  expect([all.indexOf(999), all.hitAt(-1), all.hitAt(27)]).toEqual([-1, undefined, undefined]);
  expect(all.idsBetween(7, 10)).toEqual([107, 108, 200, 201]);
});

test('rows between two heights are those that reach into them', () => {
  const all = geometry(three());
  const [row] = all.rowsBetween(all.topOf(1), all.topOf(1));
  expect(row?.first).toBe(9);
  expect(row?.hits[0]?.mediaId).toBe(200);
  expect(row?.top).toBe(all.topOf(1));
  const rows = all.rowsBetween(0, all.height);
  expect(rows.flatMap(({ hits }) => hits)).toHaveLength(27);
  expect(new Set(rows.map(({ key }) => key)).size).toBe(rows.length);
});

test('a step down leads to the photo below, across pages, and stops at the last row', () => {
  const all = geometry(three());
  expect(all.stepped(4, -1, 0)).toBe(3);
  const [first, second] = all.rowsBetween(0, all.height);
  const [perRow, inSecond] = [first?.places.length ?? 0, second?.places.length ?? 0];
  expect(all.stepped(0, 0, 1)).toBe(perRow);
  expect(all.stepped(perRow, 0, -1)).toBe(0);
  expect(all.stepped(perRow - 1, 0, 1)).toBe(perRow + inSecond - 1);
  const lastRow = all.rowsBetween(0, all.height).at(-1)?.first ?? 0;
  expect(all.stepped(0, 0, 50)).toBe(lastRow);
  expect(all.stepped(lastRow, 0, 1)).toBe(lastRow);
  expect(all.stepped(26, 0, -50)).toBe(perRow - 1);
});

test('a step stops before a page that is not there', () => {
  const all = geometry([page(100, 9), page(200, 9, false)]);
  expect(all.stepped(8, 0, 1)).toBe(8);
});

test('a frame holds the photos that it touches', () => {
  const all = geometry(three());
  const [first, second] = all.rowsBetween(0, all.height);
  const [one, two] = first?.places ?? [];
  const frame = {
    left: (one?.left ?? 0) + 5,
    right: (two?.left ?? 0) + 5,
    top: (first?.top ?? 0) + 5,
    bottom: (second?.top ?? 0) + 5,
  };
  const next = second?.first ?? 0;
  expect(all.idsWithin(frame)).toEqual([100, 101, 100 + next, 101 + next]);
  const between = (first?.top ?? 0) + (first?.height ?? 0) + GAP / 2;
  expect(all.idsWithin({ ...frame, top: between, bottom: between })).toEqual([]);
});

test('a page that is not there is outlined, in the height that it had', () => {
  const [laid, pages] = [new LaidPages(), three()];
  const before = geometry(pages, laid);
  const height = before.topOf(2) - before.topOf(1);
  if (pages[1] !== undefined) pages[1].hits = undefined;
  const now = geometry(pages, laid);
  expect(now.outlines(0, 2)).toEqual([{ page: 1, top: now.topOf(1), height }]);
  expect(now.rowsBetween(now.topOf(1), now.topOf(2) - 1)).toEqual([]);
  expect(now.height).toBe(before.height);
  expect(now.indexOf(204)).toBe(13);
});

test('what was laid out is laid out again only for other hits or another width', () => {
  const [laid, only] = [new LaidPages(), page(100, 9)];
  const first = laid.of(only, measure);
  expect(laid.of(only, { ...measure })).toBe(first);
  expect(laid.of(only, { ...measure, width: 500 })).not.toBe(first);
  expect(laid.of({ ...only, hits: [...(only.hits ?? [])] }, measure)).not.toBe(first);
  expect(laid.of(page(200, 9, false), measure)).toBeUndefined();
});

test('how far a page moved is known, and that one is gone', () => {
  const pages = three();
  const before = geometry(pages);
  const now = geometry([page(400, 30), ...pages]);
  const at = before.topOf(1) + 10;
  expect(before.movedIn(now, at)).toBe(now.topOf(2) - before.topOf(1));
  expect(before.movedIn(geometry([page(400, 30)]), at)).toBe(0);
});
