import { screen, waitFor, within } from '@testing-library/svelte';
import { expect, test, vi } from 'vitest';

import type { Answer } from '../host';
import { refuse } from '../test/backend';
import { openConsole } from '../test/render';
import { photos } from '../test/world';

type SearchResults = Answer<'search'>;

const results = (more: Partial<SearchResults> = {}): SearchResults => ({
  engine: 'elasticsearch',
  notice: null,
  total: 0,
  isEstimate: false,
  tookMs: 1,
  elasticMs: 1,
  isStandIn: false,
  hits: [],
  next: null,
  problem: null,
  ...more,
});

const hit = (mediaId: number, caption: string): SearchResults['hits'][number] => ({
  mediaId,
  postId: 1,
  title: null,
  caption,
  tags: [],
  people: [],
  uploader: 'Amara',
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

/** How many are in the document; asking for roles would take a second on a full screen. */
const tiles = (grid: HTMLElement) => grid.querySelectorAll('[data-media]').length;

const grid = () => screen.findByRole('grid', { name: 'Photos' });

test('without words the newest photos are there, and how many there are', async () => {
  openConsole('moderator');
  expect(tiles(await grid())).toBeGreaterThan(10);
  const safe = photos.filter(({ unsafe }) => !unsafe).length;
  expect(await screen.findByText(`${safe} photos`)).toBeTruthy();
});

test('only the rows in sight are in the document', async () => {
  const hits = Array.from({ length: 5000 }, (_, index) => hit(index + 1, `photo ${index}`));
  openConsole('moderator', '', { search: () => results({ total: 5000, hits }) });
  expect(tiles(await grid())).toBeLessThan(120);
});

test('typing and Enter search at once, and lead to the first hit', async () => {
  const user = openConsole('moderator');
  await grid();
  await user.keyboard('/');
  const box = screen.getByRole('combobox', { name: 'Search all media' });
  expect(document.activeElement).toBe(box);
  await user.keyboard('lanterns{Enter}');
  const expected = photos.filter(
    ({ unsafe, caption, tags }) => !unsafe && `${caption} ${tags.join()}`.includes('lanterns'),
  ).length;
  expect(await screen.findByText(`${expected} photos`)).toBeTruthy();
  await waitFor(() => expect(document.activeElement?.getAttribute('role')).toBe('gridcell'));
});

test('no hits are said, and everything is one press away', async () => {
  const user = openConsole('moderator');
  await grid();
  await user.type(screen.getByRole('combobox', { name: 'Search all media' }), 'xylophone{Enter}');
  expect(await screen.findByText('Nothing matches.')).toBeTruthy();
  await user.click(screen.getByRole('button', { name: 'Clear the search' }));
  await grid();
});

test('a failure is one sentence with a way to try again', async () => {
  const search = vi.fn(() => results({ total: 1, hits: [hit(1, 'A kite')] }));
  search.mockImplementationOnce(() => refuse('unavailable', 'PostgreSQL does not answer.'));
  const user = openConsole('moderator', '', { search });
  expect(await screen.findByText('PostgreSQL does not answer.')).toBeTruthy();
  await user.click(screen.getByRole('button', { name: 'Try again' }));
  expect(await screen.findByRole('gridcell', { name: /A kite/ })).toBeTruthy();
});

test('when PostgreSQL answers, the banner says what is missing', async () => {
  const notice = 'Elasticsearch does not answer: word forms are not recognised.';
  openConsole('moderator', '', {
    search: () => results({ engine: 'postgresql', notice, total: 1, hits: [hit(1, 'A kite')] }),
  });
  expect(await screen.findByText(notice)).toBeTruthy();
});

test('arrows walk, Enter opens the photo, Escape closes it', async () => {
  const user = openConsole('moderator');
  await grid();
  await user.keyboard('{ArrowRight}');
  await user.keyboard('{ArrowRight}');
  await waitFor(() => expect(document.activeElement?.getAttribute('data-media')).toBe('2'));
  await user.keyboard('{Enter}');
  const preview = await screen.findByRole('complementary', { name: 'Photo' });
  expect(await within(preview).findByText(photos[1]?.caption ?? '')).toBeTruthy();
  await user.keyboard('{Escape}');
  await waitFor(() => expect(screen.queryByRole('complementary', { name: 'Photo' })).toBeNull());
});

test('hostile text stays text, and stays short', async () => {
  openConsole('admin', '#/search/21');
  const preview = await screen.findByRole('complementary', { name: 'Photo' });
  await within(preview).findByText(/All work and no play/);
  expect(document.body.textContent?.length).toBeLessThan(50_000);
  window.location.hash = '#/search/24';
  await within(preview).findByText(/<img src=x onerror/);
  expect(document.querySelector('img[onerror]')).toBeNull();
});

test('End leads to the end, even where that has to be fetched first', async () => {
  const ends: (() => void)[] = [];
  const all = Array.from({ length: 450 }, (_, index) => hit(index + 1, `photo ${index}`));
  const search = async ({ query }: { query: { after: string | null } }) => {
    const start = Number(query.after ?? 0);
    if (start > 0) await new Promise<void>((resolve) => ends.push(resolve));
    const next = start + 100 < all.length ? String(start + 100) : null;
    return results({ total: all.length, hits: all.slice(start, start + 100), next });
  };
  const user = openConsole('moderator', '', { search });
  await grid();
  await user.keyboard('{ArrowRight}');
  await user.keyboard('{End}');
  const focused = () => Number(document.activeElement?.getAttribute('data-media'));
  await waitFor(() => {
    ends.splice(0).forEach((resolve) => resolve());
    expect(focused()).toBeGreaterThan(440);
  });
  await user.keyboard('{Home}');
  await waitFor(() => expect(focused()).toBe(1));
});

test('the last page asks for no more', async () => {
  const search = vi.fn(({ query }: { query: { after: string | null } }) =>
    query.after === null
      ? results({ total: 2, hits: [hit(1, 'one')], next: 'second' })
      : results({ total: 2, hits: [hit(2, 'two')] }),
  );
  openConsole('moderator', '', { search });
  expect(await screen.findByRole('gridcell', { name: /two/ })).toBeTruthy();
  expect(search).toHaveBeenCalledTimes(2);
});

test('what nobody counted is said to be about so many, until it is counted', async () => {
  let count: (counted: Answer<'searchCounts'>) => void = () => {};
  openConsole('moderator', '', {
    search: () => results({ total: 41_000, isEstimate: true, hits: [hit(1, 'A kite')] }),
    searchCounts: () => new Promise((resolve) => (count = resolve)),
  });
  expect(await screen.findByText('about 41,000 photos')).toBeTruthy();
  count({ engine: 'postgresql', media: 41_187, posts: 0, people: 0, faces: 0, isEstimate: false });
  expect(await screen.findByText('41,187 photos')).toBeTruthy();
});
