import { screen, waitFor, within } from '@testing-library/svelte';
import { expect, test, vi } from 'vitest';

import type { ExportProgress, SavedSearch } from '../bindings';
import { remap, remapNone } from '../keys';
import { backend, refuse } from '../test/backend';
import { obstacles, openConsole } from '../test/render';

const grid = () => screen.findByRole('grid', { name: 'Photos' });
const box = () => screen.getByRole<HTMLInputElement>('combobox', { name: 'Search all media' });

test('a saved search is run, and its new hits are seen', async () => {
  const answers = backend('moderator');
  const searchSeen = vi.fn(answers.searchSeen);
  const user = openConsole('moderator', '', { ...answers, searchSeen });
  await grid();
  await screen.findByRole('button', { name: 'Saved searches, 12 new hits' });
  await user.keyboard('v');
  await user.click(await screen.findByText('Beaches'));
  expect(box().value).toBe('tag:beach');
  await waitFor(() => expect(searchSeen).toHaveBeenCalledWith({ id: 1 }));
  await screen.findByRole('button', { name: 'Saved searches' });
});

test('a saved search opens with its kind, order and examples', async () => {
  const like = { more: [{ kind: 'face' as const, id: '7' }], less: [] };
  const answers = backend('moderator');
  const whole: SavedSearch = {
    savedSearchId: 7,
    name: 'Where else',
    text: '',
    tab: 'faces',
    sort: 'newest',
    like,
    isShared: false,
    isMine: true,
    owner: 'bo.lindqvist',
    newHits: 0,
  };
  const user = openConsole('moderator', '', { ...answers, savedSearches: () => [whole] });
  await grid();
  await user.keyboard('v');
  await user.click(await screen.findByText('Where else'));
  expect(await screen.findByRole('button', { name: 'Without like face 7' })).toBeTruthy();
  expect(screen.getByRole('button', { name: /^Faces/ }).getAttribute('aria-pressed')).toBe('true');
  expect(screen.getByRole<HTMLSelectElement>('combobox', { name: 'Order' }).value).toBe('newest');
});

test('what has another key says so', async () => {
  remap('search.saved', 'b');
  openConsole('moderator');
  await grid();
  expect(
    screen.getByRole('button', { name: 'Saved searches, 12 new hits' }).getAttribute('title'),
  ).toBe('Saved searches (B)');
  expect(screen.getByRole('button', { name: 'How to search' }).getAttribute('title')).toBe(
    'How to search (F1)',
  );
  remapNone();
});

test('a saved search is offered by the beginning of its name', async () => {
  const user = openConsole('moderator');
  await grid();
  await user.type(box(), 'bea');
  await user.click(await screen.findByRole('option', { name: /Beaches.*saved search/ }));
  expect(box().value).toBe('tag:beach');
});

test('what is searched for is saved, renamed, shared and forgotten', async () => {
  const answers = backend('moderator');
  const saveSearch = vi.fn(answers.saveSearch);
  const renameSearch = vi.fn(answers.renameSearch);
  const deleteSearch = vi.fn(answers.deleteSearch);
  const user = openConsole('moderator', '', { ...answers, saveSearch, renameSearch, deleteSearch });
  await grid();
  await user.type(box(), 'kite{Enter}');
  await user.keyboard('{Control>}s{/Control}');
  const name = await screen.findByLabelText<HTMLInputElement>('Name');
  await user.clear(name);
  await user.type(name, 'Kites{Enter}');
  await screen.findByText('Saved as Kites.');
  expect(saveSearch).toHaveBeenCalledWith({
    name: 'Kites',
    wish: { text: 'kite', tab: 'media', sort: 'relevance', like: { more: [], less: [] } },
    isShared: false,
  });

  await user.click(await screen.findByLabelText('Rename or share Kites'));
  await user.click(await screen.findByLabelText('Shared with all operators'));
  await user.click(screen.getByText('Change'));
  await waitFor(() => expect(renameSearch).toHaveBeenCalledOnce());
  expect(renameSearch.mock.calls[0]?.[0]).toMatchObject({ name: 'Kites', isShared: true });

  await user.click(await screen.findByLabelText('Delete Kites'));
  await waitFor(() => expect(deleteSearch).toHaveBeenCalledOnce());
  await screen.findByText('Kites is forgotten.');
  expect(screen.queryByLabelText('Delete Nobody named')).toBeNull();
});

test('saved searches that do not come say why', async () => {
  const user = openConsole('moderator', '', {
    savedSearches: () => refuse('unavailable', 'PostgreSQL does not answer.'),
  });
  await grid();
  await user.keyboard('v');
  expect(await screen.findByText('PostgreSQL does not answer.')).toBeTruthy();
});

async function openExport(replaced: Parameters<typeof openConsole>[2]) {
  const user = openConsole('moderator', '', replaced);
  await grid();
  await user.keyboard('{Control>}e{/Control}');
  return { user, dialog: await screen.findByRole('dialog', { name: 'Export the result' }) };
}

test('an export has its columns, format and file, and says where it is', async () => {
  const answers = backend('moderator');
  const exportSearch = vi.fn(answers.exportSearch);
  const { user, dialog } = await openExport({ ...answers, exportSearch });
  const file = within(dialog).getByLabelText<HTMLInputElement>('File, with its folder');
  await waitFor(() => expect(file.value).toMatch(/^\/downloads\/.*\.csv$/));
  expect(await obstacles()).toEqual([]);
  await user.click(within(dialog).getByLabelText('Comments'));
  await user.click(within(dialog).getByLabelText(/NDJSON/));
  await waitFor(() => expect(file.value).toMatch(/\.ndjson$/));
  await user.click(within(dialog).getByRole('button', { name: 'Export' }));
  expect(await within(dialog).findByText(/^Done: 380 of 380/)).toBeTruthy();
  expect(exportSearch.mock.calls[0]?.[0]).toMatchObject({
    format: 'ndjson',
    wish: { text: '', tab: 'media' },
  });
  const { columns } = exportSearch.mock.calls[0]?.[0] as { columns: string[] };
  expect(columns).toContain('mediaId');
  expect(columns).not.toContain('comments');
});

test.each([
  ['posts', '2', 'Photos', 'mediaCount', 'author'],
  ['people', '3', 'Username', 'username', 'isEnrolled'],
  ['faces', '4', 'Confidence', 'confidence', 'bounds'],
])('%s are exported with columns of their own', async (tab, key, title, left, kept) => {
  const answers = backend('moderator');
  const exportSearch = vi.fn(answers.exportSearch);
  const user = openConsole('moderator', '', { ...answers, exportSearch });
  await grid();
  await user.keyboard(key);
  await user.keyboard('{Control>}e{/Control}');
  const dialog = await screen.findByRole('dialog', { name: 'Export the result' });
  await user.click(within(dialog).getByLabelText(title));
  const file = within(dialog).getByLabelText<HTMLInputElement>('File, with its folder');
  await waitFor(() => expect(file.value).toMatch(/\.csv$/));
  await user.click(within(dialog).getByRole('button', { name: 'Export' }));
  await waitFor(() => expect(exportSearch).toHaveBeenCalled());
  const told = exportSearch.mock.calls[0]?.[0] as { wish: { tab: string }; columns: string[] };
  expect(told.wish.tab).toBe(tab);
  expect(told.columns).toContain(kept);
  expect(told.columns).not.toContain(left);
});

test('an export is of what is listed, in its order, by its examples', async () => {
  const answers = backend('moderator');
  const exportSearch = vi.fn(answers.exportSearch);
  const user = openConsole('moderator', '', { ...answers, exportSearch });
  await grid();
  await user.type(box(), 'sunset{Enter}');
  await waitFor(() => expect(document.activeElement?.getAttribute('role')).toBe('gridcell'));
  const example = Number(document.activeElement?.getAttribute('data-media'));
  await user.keyboard('s');
  await screen.findByRole('button', { name: `Without like photo ${example}` });
  await grid();
  await user.keyboard('{Control>}e{/Control}');
  const dialog = await screen.findByRole('dialog', { name: 'Export the result' });
  expect(await within(dialog).findByText(/by their likeness to 1 example/)).toBeTruthy();
  expect(within(dialog).getByLabelText('Department')).toBeTruthy();
  await user.click(within(dialog).getByRole('button', { name: 'Export' }));
  await waitFor(() => expect(exportSearch).toHaveBeenCalled());
  expect(exportSearch.mock.calls[0]?.[0]).toMatchObject({
    wish: {
      text: 'sunset',
      sort: 'relevance',
      like: { more: [{ kind: 'media', id: example }], less: [] },
    },
  });
});

test('an export that is under way is there again after a look at another screen', async () => {
  const running: ExportProgress = { done: 40, total: 380, state: 'running', message: null };
  const { user, dialog } = await openExport({
    exportSearch: () => 7,
    exportProgress: () => running,
  });
  await user.click(await within(dialog).findByRole('button', { name: 'Export' }));
  await within(dialog).findByText('Writing: 40 of 380');
  await user.keyboard('{Escape}');
  window.location.hash = '#/people';
  await screen.findByRole('main', { name: 'People' });
  window.location.hash = '#/search';
  await grid();
  await user.keyboard('{Control>}e{/Control}');
  const again = await screen.findByRole('dialog', { name: 'Export the result' });
  expect(await within(again).findByText('Writing: 40 of 380')).toBeTruthy();
  expect(within(again).getByRole('button', { name: 'Cancel' })).toBeTruthy();
});

test('an export is cancelled, and a refused one says why', async () => {
  let progress: ExportProgress = { done: 40, total: 380, state: 'running', message: null };
  const cancelExport = vi.fn(() => {
    progress = { ...progress, state: 'cancelled', message: 'There is no file.' };
    return null;
  });
  const exportSearch = vi.fn(() => 7);
  exportSearch.mockImplementationOnce(() => refuse('invalid', 'There is no such folder.'));
  const { user, dialog } = await openExport({
    exportSearch,
    exportProgress: () => progress,
    cancelExport,
  });
  await user.click(await within(dialog).findByRole('button', { name: 'Export' }));
  expect(await within(dialog).findByText('There is no such folder.')).toBeTruthy();
  await user.click(within(dialog).getByRole('button', { name: 'Export' }));
  await within(dialog).findByText('Writing: 40 of 380');
  await user.click(within(dialog).getByRole('button', { name: 'Cancel' }));
  expect(cancelExport).toHaveBeenCalledWith({ id: 7 });
  expect(await within(dialog).findByText('There is no file.')).toBeTruthy();
});
