// What operators did, from the audit log.

import { createInfiniteQuery, createMutation } from '@tanstack/svelte-query';

import { ask, commands } from '../host';

/** Entries asked for at once. */
export const limit = 100;

export const createActivity = () =>
  createInfiniteQuery(() => ({
    queryKey: ['activity'],
    queryFn: ({ pageParam }) => ask(commands.activity(pageParam, limit)),
    initialPageParam: null as number | null,
    getNextPageParam: (page) => (page.length < limit ? null : (page.at(-1)?.id ?? null)),
    // Whoever opens the log wants to see what was just done.
    staleTime: 0,
  }));

/** Recomputes the chain of hashes over the whole log. */
export const createVerification = () =>
  createMutation(() => ({ mutationFn: () => ask(commands.verifyAudit()) }));
