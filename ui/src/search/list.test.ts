import { expect, test, vi } from 'vitest';

import type { Bar, Hit, SearchQuery, SearchResults, Sort } from '../bindings';
import { HitList, PAGE } from './list.svelte';

const MILLION = 1_000_000;
const like = { more: [], less: [] };

const hit = (mediaId: number): Hit => ({
  mediaId,
  postId: 1,
  title: null,
  caption: null,
  tags: [],
  people: [],
  uploader: 'amara',
  department: null,
  createdAt: '2025-01-01T00:00:00Z',
  scenes: [],
  isVideo: false,
  width: null,
  height: null,
  reactions: 0,
  comments: 0,
  why: { matched: [], textRank: null, vectorRank: null, similarity: null },
});

/** A hundred days of ten thousand media each; `#7` is the text that is narrowed to day 7. */
const perDay = MILLION / 100;
const day = (number: number) => new Date(Date.UTC(2025, 0, 1 + number)).toISOString().slice(0, 10);
const daysOf = (text: string) => {
  const [, from = '0', until = '99'] = /#(\d+)-(\d+)/.exec(text) ?? [];
  return [Number(from), Number(until)] as const;
};

function answer({ text, after, limit }: SearchQuery): SearchResults {
  const [from, until] = daysOf(text);
  const total = (until - from + 1) * perDay;
  const start = Number(after ?? 0);
  // The newest first: the last day's media have the smallest numbers.
  const offset = (99 - until) * perDay + start;
  const count = Math.min(limit, total - start);
  return {
    engine: 'elasticsearch',
    notice: null,
    total,
    isEstimate: false,
    tookMs: 1,
    elasticMs: 1,
    isStandIn: false,
    hits: Array.from({ length: count }, (_, index) => hit(offset + index)),
    next: start + count < total ? String(start + count) : null,
    problem: null,
  };
}

function bars(text: string): Bar[] {
  const [from, until] = daysOf(text);
  const span = Math.max(1, Math.ceil((until - from + 1) / 10));
  return Array.from({ length: Math.ceil((until - from + 1) / span) }, (_, index) => {
    const [first, last] = [from + index * span, Math.min(until, from + (index + 1) * span - 1)];
    return {
      from: day(first),
      until: day(last + 1),
      count: (last - first + 1) * perDay,
      query: `#${first}-${last}`,
    };
  });
}

function open(sort: Sort = 'newest') {
  const page = vi.fn((query: SearchQuery) => Promise.resolve(answer(query)));
  const source = { page, bars: (text: string) => Promise.resolve(bars(text)) };
  const wish = { text: 'beach', sort, like };
  const list = new HitList(wish, answer({ ...wish, after: null, limit: PAGE }), source);
  return { list, page };
}

/** Wants the page again until it is there, as the grid does when the list changes. */
async function reach(list: HitList, index: number): Promise<readonly Hit[] | undefined> {
  for (let turn = 0; turn < 300 && list.pages[index]?.hits === undefined; turn += 1) {
    list.want(index, index);
    await Promise.resolve();
    await Promise.resolve();
    await Promise.resolve();
  }
  return list.pages[index]?.hits;
}

test('pages follow one another by their cursors', async () => {
  const { list, page } = open('relevance');
  expect((await reach(list, 2))?.[0]?.mediaId).toBe(2 * PAGE);
  expect(page.mock.calls.map(([{ after }]) => after)).toEqual(['100', '200']);
});

test('where the order is not that of time, a few pages more can be scrolled to', async () => {
  const { list } = open('relevance');
  list.learn(bars('beach'));
  const before = list.pages.length;
  expect(before).toBeLessThan(20);
  await reach(list, 5);
  expect(list.pages.length).toBeGreaterThan(before);
  expect(list.dated).toBe(false);
});

test('in the order of time the middle of a million is a few questions away', async () => {
  const { list, page } = open();
  list.learn(bars('beach'));
  expect(list.pages.length).toBe(MILLION / PAGE);
  const middle = MILLION / PAGE / 2;
  const hits = await reach(list, middle);
  expect(hits?.[0]?.mediaId).toBe(middle * PAGE);
  expect(page.mock.calls.length).toBeLessThan(10);
});

test('a day is found', async () => {
  const { list } = open();
  list.learn(bars('beach'));
  const index = list.pageAt(day(42)) ?? -1;
  const hits = await reach(list, index);
  // The span of ten days that it is in ends with day 49.
  expect(hits?.[0]?.mediaId).toBe((99 - 49) * perDay);
  expect(list.pageAt('1999-01-01')).toBeUndefined();
});

test('what is far away is let go of, and fetched again', async () => {
  const { list, page } = open('relevance');
  for (let index = 0; index < 30; index += 1) await reach(list, index);
  expect(list.pages.filter(({ hits }) => hits !== undefined).length).toBeLessThan(16);
  const asked = page.mock.calls.length;
  expect((await reach(list, 0))?.[0]?.mediaId).toBe(0);
  expect(page.mock.calls.length).toBe(asked + 1);
});

test('a page that does not come is said, and tried again', async () => {
  const { list, page } = open('relevance');
  page.mockRejectedValueOnce(new Error('The place in the results is no longer known.'));
  await reach(list, 1);
  expect(list.error).toBeInstanceOf(Error);
  list.retry();
  expect((await reach(list, 1))?.[0]?.mediaId).toBe(PAGE);
});

test('a page that is partial says so, and the list goes on', async () => {
  const { list, page } = open('relevance');
  const notice = 'Elasticsearch answered from a part of the index only: photos may be missing.';
  page.mockImplementationOnce((query) => Promise.resolve({ ...answer(query), notice }));
  await reach(list, 1);
  expect(list.notices).toEqual([notice]);
  expect((await reach(list, 2))?.[0]?.mediaId).toBe(2 * PAGE);
  expect(list.notices).toEqual([notice]);
});

test('a list that ends before what was counted says so', async () => {
  const { list, page } = open('relevance');
  page.mockImplementationOnce((query) => Promise.resolve({ ...answer(query), next: null }));
  await reach(list, 1);
  expect(list.pages).toHaveLength(2);
  expect(list.notices).toEqual(['Fewer photos came than were counted: some are gone by now.']);
});

test('ids are gathered up to a limit', async () => {
  const { list } = open();
  expect(await list.idsUpTo(350)).toHaveLength(350);
});

test('an answer that comes after the list was left changes nothing', async () => {
  const { list } = open('relevance');
  list.want(1, 1);
  list.leave();
  await Promise.resolve();
  await Promise.resolve();
  expect(list.pages[1]?.hits).toBeUndefined();
});
