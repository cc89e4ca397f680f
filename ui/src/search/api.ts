// What is looked for.

import { createInfiniteQuery, keepPreviousData } from '@tanstack/svelte-query';

import { ask, commands } from '../host';

/** Photos asked for at once. */
const limit = 60;

export const createSearch = (text: () => string) =>
  createInfiniteQuery(() => ({
    queryKey: ['search', text()],
    queryFn: ({ pageParam }) => ask(commands.search({ text: text(), after: pageParam, limit })),
    initialPageParam: null as string | null,
    getNextPageParam: ({ next }) => next,
    placeholderData: keepPreviousData,
  }));
