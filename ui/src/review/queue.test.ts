import { expect, test, vi } from 'vitest';

import { Refusal } from '../host';
import { underWay } from '../test/open';
import { ReviewQueue, type Page, type Source } from './queue.svelte';

type Thing = { id: number; version?: number };

const things = (from: number, to: number): Thing[] =>
  Array.from({ length: to - from + 1 }, (_, index) => ({ id: from + index }));

/** A queue of what `waiting` holds at each moment, in its order. */
function queueOf(waiting: () => Thing[], other: Partial<Source<Thing, number>> = {}) {
  const page = (after: number | null, limit: number): Page<Thing, number> => {
    const all = waiting();
    const start = after === null ? 0 : all.findIndex(({ id }) => id === after) + 1;
    const items = all.slice(start, start + limit);
    return { items, next: start + limit < all.length ? (items.at(-1)?.id ?? null) : null };
  };
  const refused = vi.fn();
  const queue = new ReviewQueue<Thing, number>({
    idOf: ({ id }) => id,
    page: (after, limit) => Promise.resolve(page(after, limit)),
    reread: (item) => Promise.resolve(item),
    refused,
    ...other,
  });
  return { queue, page, refused };
}

const ids = (queue: ReviewQueue<Thing, number>) => queue.items.map(({ id }) => id);
const written = () => Promise.resolve();

test('what the database lists again after a decision was written comes again', async () => {
  const waiting = things(1, 3);
  const { queue } = queueOf(() => waiting);
  await queue.start();
  await queue.decide({ id: 1 }, written);
  expect(ids(queue)).toEqual([2, 3]);
  await queue.start();
  expect(ids(queue)).toEqual([2, 1, 3]);
});

test('a page that was asked for before the decision was written does not bring it back', async () => {
  const answer = underWay<Page<Thing, number>>();
  let asked = 0;
  const { queue, page } = queueOf(() => things(1, 3), {
    page: (after, limit) =>
      (asked += 1) === 2 ? answer.promise : Promise.resolve(page(after, limit)),
  });
  await queue.start();
  const again = queue.start();
  await queue.decide({ id: 1 }, written);
  answer.resolve({ items: things(1, 3), next: null });
  await again;
  expect(ids(queue)).toEqual([2, 3]);
});

test('what is being written is not shown, whenever the page was asked for', async () => {
  const write = underWay<null>();
  const { queue } = queueOf(() => things(1, 3));
  await queue.start();
  void queue.decide({ id: 1 }, () => write.promise);
  await queue.start();
  expect(ids(queue)).toEqual([2, 3]);
});

test('more than a page was skipped: who comes back goes on where they were', async () => {
  const { queue } = queueOf(() => things(1, 100));
  await queue.start();
  for (let skips = 0; skips < 45; skips += 1) {
    queue.skip();
    await vi.waitFor(() => expect(queue.current).toBeDefined());
  }
  expect(queue.current?.id).toBe(46);
  await queue.start();
  expect(queue.current?.id).toBe(46);
  expect(queue.skipped).toBe(45);
  await queue.decide({ id: 46 }, written);
  expect(queue.current?.id).toBe(47);
  queue.back();
  expect(queue.current?.id).toBe(45);
});

test('what came in meanwhile is shown next, and what was skipped and settled is gone', async () => {
  let waiting = things(1, 5);
  const { queue } = queueOf(() => waiting);
  await queue.start();
  queue.skip();
  queue.skip();
  waiting = [{ id: 9 }, ...things(2, 5)];
  await queue.start();
  expect(ids(queue)).toEqual([2, 3, 9, 4, 5]);
  expect(queue.current?.id).toBe(3);
});

test('one that was settled while nobody looked is said to be gone', async () => {
  let waiting = things(1, 3);
  const { queue, refused } = queueOf(() => waiting, {
    reread: () => Promise.reject(new Refusal('notFound', 'This face is gone.')),
  });
  await queue.start();
  waiting = things(2, 3);
  await queue.start();
  await vi.waitFor(() => expect(ids(queue)).toEqual([2, 3]));
  expect(refused.mock.calls).toEqual([[{ id: 1, text: 'This face is gone.', item: null }]]);
});

test('one that waits on a later page stays, as it is now', async () => {
  let waiting = things(1, 60);
  const { queue } = queueOf(() => waiting, {
    reread: ({ id }) => Promise.resolve({ id, version: 2 }),
  });
  await queue.start();
  waiting = [...things(2, 60), { id: 1 }];
  await queue.start();
  await vi.waitFor(() => expect(queue.current).toEqual({ id: 1, version: 2 }));
});

test('what is looked at stays, and it is said, where it cannot be looked at again', async () => {
  let waiting = things(1, 3);
  const { queue, refused } = queueOf(() => waiting, {
    reread: () => Promise.reject(new Refusal('unavailable', 'PostgreSQL is away.')),
  });
  await queue.start();
  waiting = things(2, 3);
  await queue.start();
  await vi.waitFor(() => expect(refused).toHaveBeenCalled());
  expect(refused.mock.calls).toEqual([[{ id: 1, text: 'PostgreSQL is away.', item: { id: 1 } }]]);
  expect(queue.current).toEqual({ id: 1 });
});
