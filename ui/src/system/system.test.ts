import { screen, waitFor, within } from '@testing-library/svelte';
import { expect, test, vi } from 'vitest';

import { backend } from '../test/backend';
import { openConsole } from '../test/render';

const chosen = (name: string) => screen.findByRole('region', { name: `Index ${name}` });

test('an admin has the chosen index checked by a key', async () => {
  const startJob = vi.fn(() => 7);
  const user = openConsole('admin', '#/system', {
    startJob,
    upkeep: (asked) => ({ ...backend('admin').upkeep(asked), jobs: [] }),
  });
  await chosen('media_search');
  await user.keyboard('c');
  await waitFor(() =>
    expect(startJob).toHaveBeenCalledWith({ kind: 'check', index: 'media_search' }),
  );
});

test('recall is shown for each engine, and measured by a key where there are vectors', async () => {
  const startJob = vi.fn(() => 7);
  const user = openConsole('admin', '#/system', {
    startJob,
    upkeep: (asked) => ({ ...backend('admin').upkeep(asked), jobs: [] }),
  });
  const index = within(await chosen('media_search'));
  expect(await index.findByText(/finds 99\.4 % of the ten nearest/)).toBeTruthy();
  await user.keyboard('m');
  await waitFor(() =>
    expect(startJob).toHaveBeenCalledWith({ kind: 'recall', index: 'media_search' }),
  );
});

test('work that is under way shows how far it is, and can be cancelled but not started twice', async () => {
  const cancelJob = vi.fn(() => null);
  const user = openConsole('admin', '#/system', { cancelJob });
  await user.click(await screen.findByRole('button', { name: 'face_search' }));
  const index = within(await chosen('face_search'));
  expect(index.getByRole('progressbar', { name: 'Rebuild of face_search' })).toBeTruthy();
  expect(index.getByText('1,800 of 4,874')).toBeTruthy();
  expect(index.queryByRole('button', { name: /Rebuild/ })).toBeNull();
  await user.click(index.getByRole('button', { name: /Cancel/ }));
  await waitFor(() => expect(cancelJob).toHaveBeenCalledWith({ id: 1 }));
});

test('dead letters are shown in the server’s words and tried again', async () => {
  const replayDeadLetters = vi.fn(() => 1);
  const user = openConsole('admin', '#/system', { replayDeadLetters });
  await user.click(await screen.findByRole('button', { name: 'face_search' }));
  expect(await screen.findByText(/failed to parse field \[created_at\]/)).toBeTruthy();
  await user.click(screen.getByRole('button', { name: /Try again/ }));
  await waitFor(() =>
    expect(replayDeadLetters).toHaveBeenCalledWith({ name: 'face_search', key: null }),
  );
});

test('others watch, and are offered none of the work', async () => {
  const startJob = vi.fn(backend('moderator').startJob);
  const user = openConsole('moderator', '#/system', { startJob });
  const index = within(await chosen('media_search'));
  expect(index.queryByRole('button', { name: /Check/ })).toBeNull();
  await user.keyboard('c');
  expect(startJob).not.toHaveBeenCalled();
});

test('work that no worker can do says what is missing', async () => {
  openConsole('admin', '#/system', {});
  const index = within(await chosen('media_search'));
  expect(index.getByText(/No running worker has Elasticsearch configured/)).toBeTruthy();
  expect(index.queryByRole('progressbar')).toBeNull();
});

test('faces and feeds that wait for a worker are among the queues', async () => {
  openConsole('admin', '#/system', {});
  const row = (await screen.findByRole('rowheader', { name: 'face_matching' })).closest('tr');
  expect(row?.textContent).toMatch(/38/);
});
