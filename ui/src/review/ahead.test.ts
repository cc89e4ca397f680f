import { QueryClient } from '@tanstack/svelte-query';
import { expect, test, vi } from 'vitest';

import { Ahead } from './ahead';

function fetches() {
  const begun: string[] = [];
  const ends = new Map<string, () => void>();
  const fetch = (item: string) =>
    new Promise<void>((resolve) => {
      begun.push(item);
      ends.set(item, resolve);
    });
  return { begun, fetch, end: (item: string) => ends.get(item)?.() };
}

test('the nearest item is fetched first, and the next one when that is there', async () => {
  const { begun, fetch, end } = fetches();
  const done = new Ahead(new QueryClient(), fetch).prepare(['near', 'far']);
  await vi.waitFor(() => expect(begun).toEqual(['near']));
  end('near');
  await vi.waitFor(() => expect(begun).toEqual(['near', 'far']));
  end('far');
  await done;
});

test('who moves on is not kept waiting by what was wanted before', async () => {
  const { begun, fetch, end } = fetches();
  const ahead = new Ahead(new QueryClient(), fetch);
  const before = ahead.prepare(['one', 'two', 'three']);
  await vi.waitFor(() => expect(begun).toEqual(['one']));
  void ahead.prepare(['three']);
  end('one');
  await before;
  await vi.waitFor(() => expect(begun).toEqual(['one', 'three']));
});
