// People of the platform, and one of them with their photos.

import {
  createInfiniteQuery,
  createQuery,
  keepPreviousData,
  queryOptions,
} from '@tanstack/svelte-query';

import { ask, commands } from '../host';

/** People asked for at once. */
const limit = 100;

export const createPeople = (text: () => string) =>
  createInfiniteQuery(() => ({
    queryKey: ['people', text()],
    queryFn: ({ pageParam }) => ask(commands.people(text(), pageParam, limit)),
    initialPageParam: null as string | null,
    getNextPageParam: ({ next }) => next,
    placeholderData: keepPreviousData,
  }));

export const profileOf = (userId: number) =>
  queryOptions({
    queryKey: ['person', userId],
    queryFn: () => ask(commands.person(userId)),
  });

export const createProfile = (userId: () => number) => createQuery(() => profileOf(userId()));

/** What the person is shown, the best first. */
export const createFeed = (userId: () => number) =>
  createQuery(() => ({
    queryKey: ['person', 'feed', userId()],
    queryFn: () => ask(commands.personFeed(userId())),
  }));
