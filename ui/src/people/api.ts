// People of the platform, and one of them with their photos and their enrolment.

import {
  MutationObserver,
  createInfiniteQuery,
  createQuery,
  keepPreviousData,
  queryOptions,
  type QueryClient,
} from '@tanstack/svelte-query';

import type { EnrolmentSource, PhotosOf } from '../bindings';
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

/** The photos behind the first page, which the profile has. */
export const createPhotosOf = (
  userId: () => number,
  of: () => PhotosOf,
  first: () => string | null,
  enabled: () => boolean,
) =>
  createInfiniteQuery(() => ({
    queryKey: ['person', 'photos', userId(), of(), first()],
    queryFn: ({ pageParam }) => ask(commands.personPhotos(userId(), of(), pageParam)),
    initialPageParam: first(),
    getNextPageParam: ({ next }) => next,
    enabled: enabled() && first() !== null,
  }));

/** What the person is shown, the best first. */
export const createFeed = (userId: () => number) =>
  createQuery(() => ({
    queryKey: ['person', 'feed', userId()],
    queryFn: () => ask(commands.personFeed(userId())),
  }));

export const createEnrolment = (userId: () => number) =>
  createQuery(() => ({
    queryKey: ['person', 'enrolment', userId()],
    queryFn: () => ask(commands.personEnrolment(userId())),
  }));

/** The confirmed faces with which the person could be enrolled. */
export const createFacesToEnrol = (userId: () => number) =>
  createQuery(() => ({
    queryKey: ['person', 'faces to enrol', userId()],
    queryFn: () => ask(commands.facesToEnrol(userId())),
  }));

/** What enrolling would change. */
export const createPreview = (asked: () => { userId: number; source: EnrolmentSource }) =>
  createQuery(() => {
    const { userId, source } = asked();
    return {
      queryKey: ['person', 'preview', userId, source],
      queryFn: () => ask(commands.previewEnrolment(userId, source)),
      // What it says is decided upon: as it is now.
      staleTime: 0,
      gcTime: 0,
    };
  });

export const enrol = (
  client: QueryClient,
  userId: number,
  source: EnrolmentSource,
  seen: string | null,
) =>
  new MutationObserver(client, {
    mutationFn: () => ask(commands.enrol(userId, source, seen)),
  }).mutate();

export const switchEnrolment = (
  client: QueryClient,
  userId: number,
  active: boolean,
  seen: string,
) =>
  new MutationObserver(client, {
    mutationFn: () => ask(commands.switchEnrolment(userId, active, seen)),
  }).mutate();

export const undoEnrolment = (client: QueryClient, userId: number, seen: string | null) =>
  new MutationObserver(client, {
    mutationFn: () => ask(commands.undoEnrolment(userId, seen)),
  }).mutate();

/** Who is enrolled is another one by now, or with another face. */
export const enrolmentChanged = (client: QueryClient) =>
  Promise.all([
    client.invalidateQueries({ queryKey: ['person'] }),
    client.invalidateQueries({ queryKey: ['people'] }),
  ]);
