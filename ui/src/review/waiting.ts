// How much there is to decide, for the status bar.

import { createQuery, queryOptions, type QueryClient } from '@tanstack/svelte-query';

import type { Waiting } from '../bindings';
import { ask, commands } from '../host';

/** Between two counts, in milliseconds: they take the database a while, for which whoever decides would wait. */
const SELDOM = 30_000;

const waiting = queryOptions({
  queryKey: ['waiting'],
  queryFn: () => ask(commands.waiting()),
  staleTime: SELDOM,
});

export const createWaiting = () => createQuery(() => ({ ...waiting, refetchInterval: SELDOM }));

/** One was decided: the number follows at once, and is counted in its time. */
export const oneLess = (client: QueryClient, of: keyof Waiting) =>
  client.setQueryData(waiting.queryKey, (known) => {
    const left = known?.[of];
    return known && left ? { ...known, [of]: left - 1 } : known;
  });

/** Many were decided, or something was undone. */
export const recount = (client: QueryClient) =>
  client.invalidateQueries({ queryKey: waiting.queryKey });
