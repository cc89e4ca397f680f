import { fireEvent, screen, waitFor, within } from '@testing-library/svelte';
import { expect, test, vi } from 'vitest';

import type { SearchQuery } from '../bindings';
import { backend, refuse } from '../test/backend';
import { underWay } from '../test/open';
import { obstacles, openConsole } from '../test/render';
import { photos } from '../test/world';
import type { Wish } from './list.svelte';

const box = () => screen.getByRole<HTMLInputElement>('combobox', { name: 'Search all media' });
const grid = () => screen.findByRole('grid', { name: 'Photos' });
const total = (number: number) => screen.findByText(`${number} photos`);
const safe = photos.filter(({ unsafe }) => !unsafe);
const tagged = (tag: string) => safe.filter(({ tags }) => tags.includes(tag)).length;

test('what may be meant is offered while typing, and Tab accepts it', async () => {
  const user = openConsole('moderator');
  await grid();
  await user.type(box(), 'sunse');
  const options = await screen.findByRole('listbox', { name: 'What may be meant' });
  expect(await within(options).findByRole('option', { name: /sunset.*tag/ })).toBeTruthy();
  expect(box().getAttribute('aria-expanded')).toBe('true');
  expect(await obstacles()).toEqual([]);
  await user.keyboard('{Tab}');
  expect(box().value).toBe('tag:sunset ');
  await total(tagged('sunset'));
});

test('arrows mark an entry, Enter accepts it, Escape closes the list', async () => {
  const user = openConsole('moderator');
  await grid();
  await user.type(box(), 'tag:be');
  await screen.findByRole('option', { name: /beach/ });
  await user.keyboard('{ArrowDown}');
  const marked = box().getAttribute('aria-activedescendant') ?? '';
  expect(document.getElementById(marked)?.getAttribute('aria-selected')).toBe('true');
  await user.keyboard('{Enter}');
  expect(box().value).toBe('tag:beach ');
  await user.type(box(), 'k');
  await screen.findByRole('option', { name: /kite/ });
  await user.keyboard('{Escape}');
  expect(document.querySelector('[role="option"]')).toBeNull();
  expect(box().value).toBe('tag:beach k');
});

test('where the text cannot be read is marked and said, and what was found stays', async () => {
  const user = openConsole('moderator');
  await total(safe.length);
  await user.type(box(), 'beach tga:x');
  expect(await screen.findByText(/There is no field tga/)).toBeTruthy();
  expect(box().getAttribute('aria-invalid')).toBe('true');
  expect(document.querySelector('u')?.textContent).toBe('tga:');
  expect((await grid()).querySelectorAll('[data-media]').length).toBeGreaterThan(10);
  await user.clear(box());
  await waitFor(() => expect(box().getAttribute('aria-invalid')).toBe('false'));
});

test('what was searched before is offered in an empty box, to its operator alone', async () => {
  const user = openConsole('moderator');
  await grid();
  await user.type(box(), 'lanterns{Enter}');
  await total(tagged('lanterns'));
  await user.clear(box());
  expect(await screen.findByRole('option', { name: /lanterns/ })).toBeTruthy();
  expect(localStorage.getItem('kaleidoscope.searches.3')).toContain('lanterns');
  await user.click(screen.getByText('Forget what was searched before'));
  expect(localStorage.getItem('kaleidoscope.searches.3')).toBeNull();
});

test('hits come first, and a failing facet leaves them', async () => {
  const answers = backend('moderator');
  const first = underWay<Awaited<ReturnType<typeof answers.search>>>();
  const searchFacets = vi.fn(() => refuse('unavailable', 'The facets do not come.'));
  openConsole('moderator', '', { search: () => first.promise, searchFacets });
  await screen.findByRole('main', { name: 'Search' });
  expect(searchFacets).not.toHaveBeenCalled();
  const query: SearchQuery = { text: '', sort: 'relevance', like: { more: [], less: [] }, after: null, limit: 100 }; // prettier-ignore
  first.resolve(await answers.search({ query }));
  await grid();
  expect(await screen.findByText('The facets do not come.')).toBeTruthy();
});

test('what was typed last is there after a look at another screen', async () => {
  const user = openConsole('moderator');
  await grid();
  await user.type(box(), 'tag:kite');
  window.location.hash = '#/people';
  await screen.findByRole('main', { name: 'People' });
  window.location.hash = '#/search';
  await total(tagged('kite'));
  expect(box().value).toBe('tag:kite');
});

test('what was typed stays, whatever is pressed in the facets of what was asked before', async () => {
  const answers = backend('moderator');
  const late = underWay<null>();
  const searchFacets = async (args: { text: string; request: number }) => {
    if (args.text.startsWith('lanterns')) await late.promise;
    return answers.searchFacets(args);
  };
  const user = openConsole('moderator', '', { searchFacets });
  await grid();
  const tags = await screen.findByRole('list', { name: 'Tags' });
  await user.type(box(), 'lanterns');
  // Before the pause after the last letter is over.
  await user.click(within(tags).getByRole('checkbox', { name: /coffee/ }));
  expect(box().value).toBe('lanterns');
  late.resolve(null);
  await waitFor(() => expect(box().value).toBe('lanterns tag:coffee'));
});

test('a bar and a chip of what was asked before leave what was typed', async () => {
  const answers = backend('moderator');
  const searchFacets = async (args: { text: string; request: number }) =>
    args.text.includes('lanterns') ? underWay<never>().promise : answers.searchFacets(args);
  const user = openConsole('moderator', '', { searchFacets });
  await grid();
  await user.type(box(), 'tag:kite{Enter}');
  const chip = await screen.findByRole('button', { name: 'Without tag: kite' });
  await user.type(box(), ' lanterns');
  await user.click(chip);
  expect(box().value).toBe('tag:kite lanterns');
  const bars = screen.getByRole('group', { name: /Photos by time/ });
  bars.querySelector<HTMLElement>('button')?.focus();
  await user.keyboard('{Enter}');
  await waitFor(() => expect(box().value).toMatch(/^tag:kite lanterns after:\S+ before:\S+$/));
});

test('Tab leaves the box where nothing is begun, and the arrow down where nothing is offered', async () => {
  const user = openConsole('moderator');
  await grid();
  await user.type(box(), 'sunse');
  await screen.findByRole('option', { name: /sunset.*tag/ });
  await user.keyboard('{Tab}');
  expect(box().value).toBe('tag:sunset ');
  await user.keyboard('{Tab}');
  expect(box().value).toBe('tag:sunset ');
  expect(document.activeElement).not.toBe(box());
  await user.clear(box());
  await user.type(box(), '"lanterns"');
  await total(tagged('lanterns'));
  await waitFor(() => expect(document.querySelector('[role="option"]')).toBeNull());
  await user.keyboard('{ArrowDown}');
  await waitFor(() => expect(document.activeElement?.getAttribute('role')).toBe('gridcell'));
});

test('a text that is too long is searched for as it is, and its problem is seen beside what is offered', async () => {
  const search = vi.fn(backend('moderator').search);
  const user = openConsole('moderator', '', { search });
  await grid();
  const long = 'beach '.repeat(500);
  await user.click(box());
  await user.paste(long);
  await waitFor(() =>
    expect((search.mock.calls.at(-1)?.[0] as { query: SearchQuery }).query.text).toBe(long.trim()),
  );
  await user.clear(box());
  await user.type(box(), 'beach tga:x');
  await screen.findByText(/There is no field tga/);
  // Neither lies upon the other.
  const problem = screen.getByText(/There is no field tga/).closest('[role="alert"]');
  expect(problem?.nextElementSibling?.querySelector('[role="listbox"]')).toBeTruthy();
});

test('a saved search that is completed is seen', async () => {
  const searchSeen = vi.fn(() => null);
  const user = openConsole('moderator', '', { searchSeen });
  await grid();
  await user.click(box());
  await user.click(await screen.findByRole('option', { name: /Beaches.*saved search/ }));
  expect(box().value).toBe('tag:beach');
  await waitFor(() => expect(searchSeen).toHaveBeenCalledWith({ id: 1 }));
});

test('when Elasticsearch answers again and has caught up, it answers what is shown; nothing else changes', async () => {
  const answers = backend('moderator');
  let away = true;
  const state = { answers: true, behind: 5000 };
  const notice = 'Elasticsearch does not answer. PostgreSQL answered instead.';
  const search = vi.fn((args: { query: SearchQuery & Wish }) => ({
    ...(answers.search(args) as Awaited<ReturnType<typeof answers.search>>),
    ...(away ? { engine: 'postgresql' as const, notice, isStandIn: true } : {}),
  }));
  const indexState = vi.fn(() => ({ ...state }));
  const user = openConsole('moderator', '', { search, indexState });
  await grid();
  expect(await screen.findByText(/5,000 documents behind: it is asked again/)).toBeTruthy();
  expect(screen.getByText(new RegExp(notice))).toBeTruthy();
  await user.keyboard('{Control>}');
  await user.click(tile(4));
  await user.keyboard('{/Control}');
  away = false;
  const asked = search.mock.calls.length;
  // Who comes back to the window asks at once, not after some seconds.
  window.dispatchEvent(new Event('visibilitychange'));
  await waitFor(() => expect(indexState.mock.calls.length).toBeGreaterThan(1));
  expect(search.mock.calls.length).toBe(asked);
  state.behind = 0;
  window.dispatchEvent(new Event('visibilitychange'));
  await waitFor(() => expect(screen.queryByText(new RegExp(notice))).toBeNull());
  expect(selected()).toEqual([4]);
});

test('an index that is far behind is said to be', async () => {
  openConsole('moderator', '', { indexState: () => ({ answers: true, behind: 12_000 }) });
  await grid();
  expect(await screen.findByText(/The index is 12,000 documents behind/)).toBeTruthy();
});

test('what is similar is not counted by its words', async () => {
  const user = openConsole('moderator');
  await grid();
  await screen.findByRole('checkbox', { name: /coffee \d/ });
  tile(2).focus();
  await user.keyboard('s');
  expect(await screen.findByText(/What is similar is not counted/)).toBeTruthy();
  expect(screen.queryByRole('checkbox', { name: /coffee \d/ })).toBeNull();
  expect(screen.getByRole('group', { name: /Photos by time/ }).querySelector('button')).toBeNull();
  expect(screen.getByRole('button', { name: /^Faces/ }).textContent).not.toMatch(/\d/);
});

test('numbers of a part of the index are marked', async () => {
  const answers = backend('moderator');
  openConsole('moderator', '', {
    searchCounts: async (args: { text: string; request: number }) => ({
      ...(await answers.searchCounts(args)),
      posts: 7,
      isEstimate: true,
    }),
    searchFacets: async (args: { text: string; request: number }) => {
      const facets = await answers.searchFacets(args);
      const all = facets.facets.map((facet) => ({ ...facet, isEstimate: true }));
      return { ...facets, facets: all, isEstimate: true };
    },
  });
  await grid();
  expect(await screen.findByRole('button', { name: /^Posts 7\+/ })).toBeTruthy();
  expect(await screen.findByText(/Not all of Elasticsearch's index answered/)).toBeTruthy();
  expect(screen.getByRole('checkbox', { name: /coffee \d+\+/ })).toBeTruthy();
});

test('what nobody waits for any more is cancelled', async () => {
  const cancelRequest = vi.fn(() => null);
  const searchFacets = vi.fn(() => underWay<never>().promise);
  const user = openConsole('moderator', '', { searchFacets, cancelRequest });
  await grid();
  await waitFor(() => expect(searchFacets).toHaveBeenCalled());
  const [[{ request }]] = searchFacets.mock.calls as unknown as [[{ request: number }]];
  expect(cancelRequest).not.toHaveBeenCalled();
  await user.type(box(), 'kite{Enter}');
  await waitFor(() => expect(cancelRequest).toHaveBeenCalledWith({ request }));
});

test('an answer to what is being typed over is not drawn', async () => {
  const answers = backend('moderator');
  const early = underWay<Awaited<ReturnType<typeof answers.search>>>();
  const search = vi.fn(async (args: { query: SearchQuery }) =>
    args.query.text === 'tag:kite' ? early.promise : answers.search(args),
  );
  const user = openConsole('moderator', '', { search });
  await total(safe.length);
  await user.type(box(), 'tag:kite');
  const query = { text: 'tag:kite', sort: 'relevance', like: { more: [], less: [] }, after: null, limit: 100 } as const; // prettier-ignore
  await waitFor(() => expect(search).toHaveBeenCalledWith({ query }));
  const seen = new Set<string>();
  const watched = new MutationObserver(() => {
    for (const { textContent } of screen.queryAllByText(/^\d+ photos$/)) seen.add(textContent);
  });
  watched.observe(document.body, { subtree: true, childList: true, characterData: true });
  await user.clear(box());
  early.resolve(await answers.search({ query }));
  await user.type(box(), 'tag:lanterns');
  await total(tagged('lanterns'));
  watched.disconnect();
  expect(seen).not.toContain(`${tagged('kite')} photos`);
});

test('a facet toggles its value in the query, whose chip takes it out again', async () => {
  const user = openConsole('moderator');
  await grid();
  const tags = await screen.findByRole('list', { name: 'Tags' });
  await user.click(within(tags).getByRole('checkbox', { name: /coffee/ }));
  expect(box().value).toBe('tag:coffee');
  await total(tagged('coffee'));
  await user.click(await screen.findByRole('button', { name: 'Without tag: coffee' }));
  expect(box().value).toBe('');
  expect(screen.queryByRole('list', { name: 'Safety' })).toBeNull();
});

test('a facet is searched inside, and the sidebar folds with a key', async () => {
  const user = openConsole('admin');
  await grid();
  await user.click(await screen.findByRole('button', { name: 'Search inside tags' }));
  await user.type(screen.getByRole('textbox', { name: 'Tags that begin with' }), 'sunr');
  await waitFor(() =>
    expect(
      within(screen.getByRole('list', { name: 'Tags' })).queryAllByRole('checkbox'),
    ).toHaveLength(0),
  );
  await user.clear(screen.getByRole('textbox', { name: 'Tags that begin with' }));
  await user.type(screen.getByRole('textbox', { name: 'Tags that begin with' }), 'suns');
  await screen.findByRole('checkbox', { name: /sunset/ });
  expect(screen.getByRole('list', { name: 'Safety' })).toBeTruthy();
  screen.getByRole('textbox', { name: 'Tags that begin with' }).blur();
  await user.keyboard('f');
  expect(screen.queryByRole('complementary', { name: 'Facets' })).toBeNull();
});

test('the histogram is brushed with keys, and narrows the query', async () => {
  const user = openConsole('moderator');
  await grid();
  const bars = await screen.findByRole('group', { name: /Photos by time/ });
  await waitFor(() => expect(bars.querySelectorAll('button').length).toBeGreaterThan(2));
  bars.querySelector<HTMLElement>('button')?.focus();
  await user.keyboard('{Shift>}{ArrowRight}{/Shift}');
  expect(bars.querySelectorAll('[aria-pressed="true"]')).toHaveLength(2);
  await user.keyboard('{Enter}');
  await waitFor(() => expect(box().value).toMatch(/^after:2025-\d\d-\d\d before:2025-\d\d-01$/));
  await user.click(await screen.findByRole('button', { name: 'Without Only some time' }));
  expect(box().value).toBe('');
});

test('an answer to an earlier query is ignored', async () => {
  const answers = backend('moderator');
  const late = underWay<Awaited<ReturnType<typeof answers.search>>>();
  const search = vi.fn(async (args: { query: SearchQuery }) =>
    args.query.text === 'kite' ? late.promise : answers.search(args),
  );
  const user = openConsole('moderator', '', { search });
  await grid();
  await user.type(box(), 'kite{Enter}');
  await user.clear(box());
  await user.type(box(), 'lanterns{Enter}');
  await total(tagged('lanterns'));
  late.resolve(await answers.search({ query: { ...search.mock.calls[0]?.[0].query, text: 'kite' } as SearchQuery })); // prettier-ignore
  await Promise.resolve();
  expect(screen.getByText(`${tagged('lanterns')} photos`)).toBeTruthy();
});

const selected = () =>
  [...document.querySelectorAll('[role="gridcell"][aria-selected="true"]')].map((tile) =>
    Number(tile.getAttribute('data-media')),
  );
const tile = (mediaId: number) => {
  const found = document.querySelector<HTMLElement>(`[role="gridcell"][data-media="${mediaId}"]`);
  if (found === null) throw new Error(`no photo ${mediaId}`);
  return found;
};

test('photos are selected with Ctrl, Shift and keys, and let go with Escape', async () => {
  const user = openConsole('moderator');
  await grid();
  await user.keyboard('{Control>}');
  await user.click(tile(1));
  await user.click(tile(4));
  await user.keyboard('{/Control}');
  expect(selected()).toEqual([1, 4]);
  await user.keyboard('{Shift>}');
  await user.click(tile(6));
  await user.keyboard('{/Shift}');
  expect(selected()).toEqual([1, 4, 5, 6]);
  await user.keyboard('{Escape}');
  expect(selected()).toEqual([]);
  tile(2).focus();
  await user.keyboard(' ');
  expect(selected()).toEqual([2]);
  await user.keyboard('{Shift>}{ArrowRight}{/Shift}');
  await waitFor(() => expect(selected()).toEqual([2, 3]));
  expect(screen.getByText('2 selected')).toBeTruthy();
  await user.keyboard('{Control>}a{/Control}');
  expect(await screen.findByText(`${safe.length} selected`)).toBeTruthy();
});

test('similar to this, more and less like these go along with the next question', async () => {
  const answers = backend('moderator');
  const search = vi.fn(answers.search);
  const user = openConsole('moderator', '', { search });
  await grid();
  tile(2).focus();
  await user.keyboard('s');
  await screen.findByRole('button', { name: 'Without like photo 2' });
  const last = () => search.mock.calls.at(-1)?.[0] as { query: SearchQuery & Wish };
  await waitFor(() => expect(last().query.like.more).toEqual([{ kind: 'media', id: 2 }]));
  await grid();
  tile(3).focus();
  await user.keyboard('n');
  await waitFor(() => expect(last().query.like.less).toEqual([{ kind: 'media', id: 3 }]));
  const slider = screen.getByRole('slider', { name: /Similarity/ });
  await fireEvent.change(slider, { target: { value: '0.7' } });
  expect(box().value).toBe('similarity:0.7');
  await user.click(screen.getByRole('button', { name: 'Without like photo 2' }));
  await waitFor(() => expect(last().query.like.more).toEqual([]));
});

test('the order is asked for', async () => {
  const search = vi.fn(backend('moderator').search);
  const user = openConsole('moderator', '', { search });
  await grid();
  await user.selectOptions(screen.getByRole('combobox', { name: 'Order' }), 'Oldest');
  await waitFor(() =>
    expect((search.mock.calls.at(-1)?.[0] as { query: SearchQuery }).query.sort).toBe('oldest'),
  );
});

test('the preview says why a hit is one', async () => {
  const user = openConsole('moderator');
  await grid();
  await user.type(box(), 'kite{Enter}');
  await total(
    safe.filter(({ caption, tags }) => `${caption} ${tags.join()}`.includes('kite')).length,
  );
  await user.click(tile(4));
  const why = await screen.findByRole('region', { name: 'Why it is here' });
  expect(within(why).getByText('kite').tagName).toBe('MARK');
  expect(within(why).getByText('number 1')).toBeTruthy();
});

test('posts, people and faces have lists of their own, with counts', async () => {
  const user = openConsole('moderator');
  await grid();
  await screen.findByRole('button', { name: /^Posts \d+/ });
  await user.keyboard('2');
  await waitFor(() => expect(document.querySelector('[data-post]')).not.toBeNull());
  await user.click(document.querySelector('[data-post]') ?? document.body);
  const post = await screen.findByRole('complementary', { name: 'Post' });
  expect(await within(post).findByText('beach_party')).toBeTruthy();
  expect(await obstacles()).toEqual([]);
  await user.keyboard('3');
  await waitFor(() => expect(document.querySelector('[data-person]')).not.toBeNull());
  await user.keyboard('4');
  await waitFor(() => expect(document.querySelector('[data-face]')).not.toBeNull());
  await user.click(screen.getAllByRole('button', { name: 'Where else' })[0] ?? document.body);
  expect(await screen.findByRole('button', { name: /Without like face/ })).toBeTruthy();
});

test('from a face on a photo it is one press to where else it is', async () => {
  const user = openConsole('moderator');
  await grid();
  await user.click(tile(1));
  const photo = await screen.findByRole('complementary', { name: 'Photo' });
  const [first] = await within(photo).findAllByRole('button', { name: /^Where else is / });
  await user.click(first ?? document.body);
  expect(await screen.findByRole('button', { name: /Without like face/ })).toBeTruthy();
  await waitFor(() => expect(document.querySelector('[data-face]')).not.toBeNull());
});

test('posts are asked for by what is typed now, whatever became of the photos', async () => {
  const answers = backend('moderator');
  const search = async (args: { query: SearchQuery }) =>
    args.query.text === 'lanterns'
      ? refuse('unavailable', 'PostgreSQL does not answer.')
      : answers.search(args);
  const searchPosts = vi.fn((args: { query: SearchQuery }) =>
    args.query.text === 'lanterns'
      ? refuse('unavailable', 'No posts, either.')
      : answers.searchPosts(args),
  );
  const user = openConsole('moderator', '', { search, searchPosts });
  await grid();
  await user.keyboard('2');
  await waitFor(() => expect(document.querySelector('[data-post]')).not.toBeNull());
  await user.type(box(), 'lanterns{Enter}');
  expect(await screen.findByText('No posts, either.')).toBeTruthy();
  expect(document.querySelector('[data-post]')).toBeNull();
});

test('who somebody is, is one press away for those who name faces', async () => {
  const whoIs = vi.fn(backend('moderator').whoIs);
  const user = openConsole('moderator', '', { whoIs });
  await grid();
  await user.click(tile(1));
  const photo = await screen.findByRole('complementary', { name: 'Photo' });
  const [first] = await within(photo).findAllByRole('button', { name: /^Who is / });
  await user.click(first ?? document.body);
  const known = await screen.findByRole('region', { name: 'Who this may be' });
  expect(await within(known).findByText('0.90')).toBeTruthy();
  expect(within(known).getAllByRole('link')).toHaveLength(3);
  expect(await obstacles()).toEqual([]);
});

test('who names no faces is offered none of it', async () => {
  const user = openConsole('staff');
  await grid();
  await user.click(tile(1));
  const photo = await screen.findByRole('complementary', { name: 'Photo' });
  await within(photo).findAllByRole('button', { name: /^Where else is / });
  expect(within(photo).queryByRole('button', { name: /^Who is / })).toBeNull();
});

test('a failing list of posts says why', async () => {
  const user = openConsole('moderator', '', {
    searchPosts: () => refuse('unavailable', 'PostgreSQL does not answer.'),
  });
  await grid();
  await user.keyboard('2');
  expect(await screen.findByText('PostgreSQL does not answer.')).toBeTruthy();
});
