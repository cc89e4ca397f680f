// Asks for faces and tells verdicts.

import {
  MutationObserver,
  createQuery,
  keepPreviousData,
  queryOptions,
  type QueryClient,
} from '@tanstack/svelte-query';

import type { Face, FaceCursor } from '../bindings';
import { ask, commands } from '../host';

const key = ['faces'];

export const pageOfFaces = (client: QueryClient, after: FaceCursor | null, limit: number) =>
  client.fetchQuery({
    queryKey: [...key, 'waiting', after, limit],
    queryFn: () => ask(commands.facesWaiting(after, limit)),
    // The queue remembers; a page that was asked for again is wanted as it is now.
    staleTime: 0,
    gcTime: 0,
  });

export const candidatesOf = (faceId: number) =>
  queryOptions({
    queryKey: [...key, 'candidates', faceId],
    queryFn: () => ask(commands.faceCandidates(faceId)),
    staleTime: 60_000,
  });

/** Null stands for no face: nothing is asked. */
export const createCandidates = (faceId: () => number | null) =>
  createQuery(() => {
    const id = faceId();
    return { ...candidatesOf(id ?? 0), enabled: id !== null };
  });

/** People whose names begin with or contain `text`; the last answer stays until the next one is there. */
export const createPeopleFound = (text: () => string) =>
  createQuery(() => ({
    queryKey: [...key, 'people', text()],
    queryFn: () => ask(commands.findPeople(text())),
    placeholderData: keepPreviousData,
    staleTime: 60_000,
  }));

const seen = ({ id, version }: Face) => ({ id, version });

export const confirm = (client: QueryClient, face: Face, person: number) =>
  new MutationObserver(client, {
    mutationFn: () => ask(commands.confirmFace(seen(face), person)),
  }).mutate();

export const reject = (client: QueryClient, face: Face) =>
  new MutationObserver(client, { mutationFn: () => ask(commands.rejectFace(seen(face))) }).mutate();
