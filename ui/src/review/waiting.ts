// How much there is to decide, for the status bar.

import {
  createQuery,
  queryOptions,
  type QueryClient,
  type QueryState,
} from '@tanstack/svelte-query';

import type { Waiting } from '../bindings';
import { ask, commands } from '../host';

/** Between two counts, in milliseconds: they take the database a while, for which whoever decides would wait. */
const SELDOM = 30_000;

export const waiting = queryOptions({
  queryKey: ['waiting'],
  queryFn: () => ask(commands.waiting()),
  staleTime: SELDOM,
  refetchInterval: ({ state }: { state: QueryState<Waiting> }) => untilCount(state),
});

export const createWaiting = () => createQuery(() => waiting);

/** From the last count on: what follows a decision is none, and puts the next one off by nothing. */
function untilCount({ dataUpdatedAt, fetchStatus, status }: QueryState<Waiting>): number {
  if (fetchStatus === 'fetching' || status === 'error') return SELDOM;
  return Math.max(1, dataUpdatedAt + SELDOM - Date.now());
}

/** One was decided: the number follows at once, and is counted in its time. */
export function oneLess(client: QueryClient, of: keyof Waiting): void {
  const updatedAt = client.getQueryState(waiting.queryKey)?.dataUpdatedAt;
  const follow = (known: Waiting | undefined) => {
    const left = known?.[of];
    return known && left ? { ...known, [of]: left - 1 } : known;
  };
  client.setQueryData(waiting.queryKey, follow, updatedAt === undefined ? {} : { updatedAt });
}

/** Many were decided, or something was undone. */
export const recount = (client: QueryClient) =>
  client.invalidateQueries({ queryKey: waiting.queryKey });
