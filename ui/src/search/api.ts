// What is looked for, and what is written about it.

import {
  MutationObserver,
  createInfiniteQuery,
  createMutation,
  createQuery,
  keepPreviousData,
  queryOptions,
  useQueryClient,
  type QueryClient,
} from '@tanstack/svelte-query';

import type {
  Correction,
  ExportFormat,
  MediaId,
  SearchQuery,
  Seen,
  Wish as WholeWish,
} from '../bindings';
import { ask, commands, download, type Told } from '../host';
import type { Wish } from './list.svelte';

const key = ['search'];

/** Posts, people or faces asked for at once. */
const limit = 60;

let requests = 0;

/** Asks under a number by which the request is cancelled when nobody waits for it any more. */
async function askUntil<T>(
  signal: AbortSignal,
  begin: (request: number) => Parameters<typeof ask<T>>[0],
): Promise<T> {
  const request = (requests += 1);
  // What can't be cancelled ends by itself.
  const cancel = () => commands.cancelRequest(request).catch(() => undefined);
  signal.addEventListener('abort', cancel);
  try {
    return await ask(begin(request));
  } finally {
    signal.removeEventListener('abort', cancel);
  }
}

/** The list remembers; a page that is asked for again is wanted as it is now. */
const now = { staleTime: 0, gcTime: 0 };

export const pageOfMedia = (client: QueryClient, query: SearchQuery) =>
  client.fetchQuery({
    queryKey: [...key, 'media', query],
    queryFn: () => ask(commands.search(query)),
    ...now,
  });

/** With the text that they are of: those of the one before are shown until they are there. */
export const facetsOf = (text: string, atRest?: () => Promise<void>) =>
  queryOptions({
    queryKey: [...key, 'facets', text],
    queryFn: async ({ signal }) => {
      const facets = await askUntil(signal, (request) => commands.searchFacets(text, request));
      await atRest?.();
      return { ...facets, text };
    },
  });

/** Nobody waits for it: the screen has its content without. */
const later = { meta: { later: true } };

/** Not before `ready`: hits come first. Shown `atRest`. */
export const createFacets = (
  text: () => string,
  ready: () => boolean,
  atRest: () => Promise<void>,
) =>
  createQuery(() => ({
    ...facetsOf(text(), atRest),
    ...later,
    enabled: ready(),
    placeholderData: keepPreviousData,
  }));

/** Null: nobody searches inside this facet. */
export const createFacetValues = (
  text: () => string,
  field: () => string,
  startsWith: () => string | null,
) =>
  createQuery(() => {
    const letters = startsWith();
    const [of, name] = [text(), field()];
    return {
      queryKey: [...key, 'values', of, name, letters],
      queryFn: async ({ signal }) => {
        const values = await askUntil(signal, (request) =>
          commands.searchFacetValues(of, name, letters ?? '', request),
        );
        return { ...values, text: of };
      },
      enabled: letters !== null,
      placeholderData: keepPreviousData,
    };
  });

/** How often the index is asked whether it answers again, and how far behind it is; in milliseconds. */
const [soon, seldom] = [5_000, 30_000];

/** `waited`: PostgreSQL answers in its place. */
export const createIndexState = (waited: () => boolean) =>
  createQuery(() => ({
    queryKey: [...key, 'index'],
    queryFn: () => ask(commands.indexState()),
    ...later,
    refetchInterval: waited() ? soon : seldom,
    staleTime: 0,
  }));

/** What Elasticsearch answers otherwise than PostgreSQL did: all but the hits in the grid, which know their place. */
export const askAnew = (client: QueryClient) =>
  Promise.all(
    ['facets', 'values', 'counts', 'posts', 'people', 'faces', 'who'].map((name) =>
      client.invalidateQueries({ queryKey: [...key, name] }),
    ),
  );

/** Null: nobody is asked about. */
export const createWhoIs = (face: () => number | null) =>
  createQuery(() => {
    const id = face();
    return {
      queryKey: [...key, 'who', id],
      queryFn: () => ask(commands.whoIs(id ?? 0)),
      enabled: id !== null,
    };
  });

export const createCounts = (text: () => string, ready: () => boolean) =>
  createQuery(() => ({
    queryKey: [...key, 'counts', text()],
    queryFn: ({ signal }) => askUntil(signal, (request) => commands.searchCounts(text(), request)),
    ...later,
    enabled: ready(),
    placeholderData: keepPreviousData,
  }));

export const createSuggestions = (
  text: () => string,
  caret: () => number,
  enabled: () => boolean,
) =>
  createQuery(() => ({
    queryKey: [...key, 'suggest', text(), caret()],
    queryFn: () => ask(commands.suggest(text(), caret())),
    enabled: enabled(),
    placeholderData: keepPreviousData,
  }));

type Wanted = () => Wish;

export const createPosts = (wanted: Wanted, enabled: () => boolean) =>
  createInfiniteQuery(() => ({
    queryKey: [...key, 'posts', wanted()],
    queryFn: ({ pageParam: after }) => ask(commands.searchPosts({ ...wanted(), after, limit })),
    initialPageParam: null as string | null,
    getNextPageParam: ({ next }) => next,
    enabled: enabled(),
    placeholderData: keepPreviousData,
  }));

export const createPeopleFound = (wanted: Wanted, enabled: () => boolean) =>
  createInfiniteQuery(() => ({
    queryKey: [...key, 'people', wanted()],
    queryFn: ({ pageParam: after }) => ask(commands.searchPeople({ ...wanted(), after, limit })),
    initialPageParam: null as string | null,
    getNextPageParam: ({ next }) => next,
    enabled: enabled(),
    placeholderData: keepPreviousData,
  }));

export const createFacesFound = (wanted: Wanted, enabled: () => boolean) =>
  createInfiniteQuery(() => ({
    queryKey: [...key, 'faces', wanted()],
    queryFn: ({ pageParam: after }) => ask(commands.searchFaces({ ...wanted(), after, limit })),
    initialPageParam: null as string | null,
    getNextPageParam: ({ next }) => next,
    enabled: enabled(),
    placeholderData: keepPreviousData,
  }));

export const createPost = (postId: () => number) =>
  createQuery(() => ({
    queryKey: ['post', postId()],
    queryFn: () => ask(commands.post(postId())),
  }));

/** The person of exactly this login, or nobody. */
export async function personOf(client: QueryClient, username: string): Promise<number | null> {
  const people = await client.fetchQuery({
    queryKey: [...key, 'person', username],
    queryFn: () => ask(commands.findPeople(username)),
  });
  return people.find((person) => person.username === username)?.id ?? null;
}

const saved = [...key, 'saved'];

/** How often new hits are counted, in milliseconds. */
const often = 60_000;

export const createSavedSearches = () =>
  createQuery(() => ({
    queryKey: saved,
    queryFn: () => ask(commands.savedSearches()),
    ...later,
    refetchInterval: often,
  }));

/** Each forgets what the list said before. */
export function createSaving() {
  const client = useQueryClient();
  const onSuccess = () => client.invalidateQueries({ queryKey: saved });
  return {
    save: createMutation(() => ({
      mutationFn: (told: { name: string; wish: WholeWish; isShared: boolean }) =>
        ask(commands.saveSearch(told.name, told.wish, told.isShared)),
      onSuccess,
    })),
    rename: createMutation(() => ({
      mutationFn: (told: { id: number; name: string; isShared: boolean }) =>
        ask(commands.renameSearch(told.id, told.name, told.isShared)),
      onSuccess,
    })),
    remove: createMutation(() => ({
      mutationFn: (id: number) => ask(commands.deleteSearch(id)),
      onSuccess,
    })),
    seen: createMutation(() => ({
      mutationFn: (id: number) => ask(commands.searchSeen(id)),
      onSuccess,
    })),
  };
}

/** A file for an export. */
export const createDownload = (name: () => string) =>
  createQuery(() => ({
    queryKey: [...key, 'download', name()],
    queryFn: () => download(name()),
    staleTime: Infinity,
  }));

export const createExport = () =>
  createMutation(() => ({
    mutationFn: (told: {
      wish: WholeWish;
      columns: string[];
      format: ExportFormat;
      path: string;
    }) => ask(commands.exportSearch(told.wish, told.columns, told.format, told.path)),
  }));

/** Null: no export. Asked for again and again until it has ended. */
export const createExportProgress = (id: () => Told<'exportProgress'>[0] | null) =>
  createQuery(() => {
    const asked = id();
    return {
      queryKey: [...key, 'export', asked],
      queryFn: () => ask(commands.exportProgress(asked ?? 0)),
      enabled: asked !== null,
      refetchInterval: ({ state }) => (state.data?.state === 'running' ? 500 : false),
      refetchIntervalInBackground: true,
      staleTime: 0,
    };
  });

export const createCancelExport = () =>
  createMutation(() => ({ mutationFn: (id: number) => ask(commands.cancelExport(id)) }));

/** What is said of media now, in the versions in which that can be corrected. */
export const createWords = (mediaIds: () => readonly number[]) =>
  createQuery(() => ({
    queryKey: [...key, 'words', mediaIds()],
    queryFn: () => ask(commands.mediaWords([...mediaIds()])),
    staleTime: 0,
    gcTime: 0,
  }));

export const createPastCorrections = (mediaId: () => number) =>
  createQuery(() => ({
    queryKey: [...key, 'words', 'past', mediaId()],
    queryFn: () => ask(commands.mediaCorrections(mediaId())),
    ...later,
  }));

export const correct = (client: QueryClient, media: Seen<MediaId>[], correction: Correction) =>
  new MutationObserver(client, {
    mutationFn: () => ask(commands.correctMedia(media, correction)),
  }).mutate();

const undoable = [...key, 'undoable'];

/** The operator's own correction that would be taken back next */
export const undoableCorrection = (client: QueryClient) =>
  client.fetchQuery({
    queryKey: undoable,
    queryFn: () => ask(commands.undoableCorrection()),
    ...now,
  });

export const undoOwnCorrection = (client: QueryClient) =>
  new MutationObserver(client, {
    mutationFn: () => ask(commands.undoOwnCorrection()),
  }).mutate();

export const undoCorrection = (client: QueryClient, corrections: number[]) =>
  new MutationObserver(client, {
    mutationFn: () => ask(commands.undoCorrection(corrections)),
  }).mutate();
