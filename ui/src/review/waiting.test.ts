import { QueryClient, QueryObserver } from '@tanstack/svelte-query';
import { afterEach, expect, test, vi } from 'vitest';

import type { Waiting } from '../bindings';
import { backend, serve } from '../test/backend';
import { oneLess, waiting } from './waiting';

afterEach(() => vi.useRealTimers());

test('numbers follow decisions at once, which put no count off', async () => {
  vi.useFakeTimers();
  const count = vi.fn((): Waiting => ({ faces: 100, safety: null }));
  serve({ ...backend('moderator'), waiting: count });
  const client = new QueryClient();
  const leave = new QueryObserver(client, waiting).subscribe(() => {});
  await vi.advanceTimersByTimeAsync(100);
  expect(count).toHaveBeenCalledTimes(1);

  for (let second = 1; second <= 29; second += 1) {
    oneLess(client, 'faces');
    oneLess(client, 'safety');
    await vi.advanceTimersByTimeAsync(1000);
  }
  expect(client.getQueryData(waiting.queryKey)).toEqual({ faces: 71, safety: null });
  expect(count).toHaveBeenCalledTimes(1);

  await vi.advanceTimersByTimeAsync(1000);
  expect(count).toHaveBeenCalledTimes(2);
  expect(client.getQueryData(waiting.queryKey)).toEqual({ faces: 100, safety: null });
  leave();
});
