import { QueryClient, QueryObserver } from '@tanstack/svelte-query';
import { afterEach, expect, test, vi } from 'vitest';

import type { Waiting } from '../bindings';
import { backend, serve } from '../test/backend';
import { counted, oneLess } from './waiting';

afterEach(() => vi.useRealTimers());

test('numbers follow decisions at once, which put no count off', async () => {
  vi.useFakeTimers();
  const waiting = vi.fn((): Waiting => ({ faces: 100, safety: null }));
  serve({ ...backend('moderator'), waiting });
  const client = new QueryClient();
  const leave = new QueryObserver(client, counted).subscribe(() => {});
  await vi.advanceTimersByTimeAsync(100);
  expect(waiting).toHaveBeenCalledTimes(1);

  for (let second = 1; second <= 29; second += 1) {
    oneLess(client, 'faces');
    oneLess(client, 'safety');
    await vi.advanceTimersByTimeAsync(1000);
  }
  expect(client.getQueryData(counted.queryKey)).toEqual({ faces: 71, safety: null });
  expect(waiting).toHaveBeenCalledTimes(1);

  await vi.advanceTimersByTimeAsync(1000);
  expect(waiting).toHaveBeenCalledTimes(2);
  expect(client.getQueryData(counted.queryKey)).toEqual({ faces: 100, safety: null });
  leave();
});
