// Asks for faces and tells verdicts.

import {
  MutationObserver,
  createInfiniteQuery,
  createQuery,
  keepPreviousData,
  queryOptions,
  type QueryClient,
} from '@tanstack/svelte-query';

import type {
  Bounds,
  Face,
  FaceCursor,
  FaceQuery,
  OnWall,
  PeopleWaiting,
  PersonCursor,
  Queue,
  Said,
  UnknownCursor,
  UnknownFaceCursor,
  UnknownPeople,
  Wall,
  Within,
} from '../bindings';
import { ask, commands } from '../host';
import { dayBounds } from './progress';

const key = ['faces'];

export const pageOfFaces = (
  client: QueryClient,
  asked: FaceQuery,
  after: FaceCursor | null,
  limit: number,
) =>
  client.fetchQuery({
    queryKey: [...key, 'waiting', asked, after, limit],
    queryFn: () => ask(commands.facesWaiting(asked, after, limit)),
    // The queue remembers; a page that was asked for again is wanted as it is now.
    staleTime: 0,
    gcTime: 0,
  });

/** How many wait in each queue; counted anew after a while, and when asked for. */
export const countsOf = (within: Within) =>
  queryOptions({
    queryKey: [...key, 'counts', within],
    queryFn: () => ask(commands.faceCounts(within)),
    staleTime: 30_000,
    refetchInterval: 60_000,
  });

export const createCounts = (within: () => Within) =>
  createQuery(() => ({ ...countsOf(within()), placeholderData: keepPreviousData }));

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

/** What similarities are worth; it changes slowly. */
export const createCalibration = () =>
  createQuery(() => ({
    queryKey: [...key, 'calibration'],
    queryFn: () => ask(commands.faceCalibration()),
    staleTime: 600_000,
  }));

export const confirmedLike = (faceId: number, person: number) =>
  queryOptions({
    queryKey: [...key, 'confirmed', faceId, person],
    queryFn: () => ask(commands.confirmedFacesLike(faceId, person)),
    staleTime: 60_000,
  });

/** Null stands for no face or nobody: nothing is asked. */
export const createConfirmedLike = (asked: () => { face: number; person: number } | null) =>
  createQuery(() => {
    const pair = asked();
    return { ...confirmedLike(pair?.face ?? 0, pair?.person ?? 0), enabled: pair !== null };
  });

/** People whose names begin with or contain `text`; the last answer stays until the next one is there. */
export const createPeopleFound = (text: () => string) =>
  createQuery(() => ({
    queryKey: [...key, 'people', text()],
    queryFn: () => ask(commands.findPeople(text())),
    placeholderData: keepPreviousData,
    staleTime: 60_000,
  }));

const undoableKey = [...key, 'undoable'];

/** The decision that would be taken back next, or null. */
export const createUndoable = () =>
  createQuery(() => ({
    queryKey: undoableKey,
    queryFn: () => ask(commands.undoableDecision()),
  }));

/** As it is this moment. */
export const undoableNow = (client: QueryClient) =>
  client.fetchQuery({
    queryKey: undoableKey,
    queryFn: () => ask(commands.undoableDecision()),
    staleTime: 0,
  });

const progressKey = [...key, 'progress'];

/** What the operator did in the last `days` days, with where today begins and ends. */
export const createProgress = (days: number) =>
  createQuery(() => ({
    queryKey: [...progressKey, days],
    queryFn: async () => {
      const all = dayBounds(new Date(), days);
      const bounds = all.slice(-2) as [string, string];
      return { bounds, done: await ask(commands.faceProgress(all)) };
    },
    // A new day begins, and another window may be open.
    refetchInterval: 60_000,
  }));

/** How right operators are, and how far they agree: until yesterday. */
export const createQuality = () =>
  createQuery(() => ({
    queryKey: [...key, 'quality'],
    queryFn: () => ask(commands.faceQuality()),
    staleTime: 300_000,
  }));

/** Another decision is the newest by now. */
export const decisionsChanged = (client: QueryClient) =>
  Promise.all([
    client.invalidateQueries({ queryKey: undoableKey }),
    client.invalidateQueries({ queryKey: progressKey }),
  ]);

const seen = ({ id, version }: Face) => ({ id, version });

export const decide = (client: QueryClient, face: Face, said: Said) =>
  new MutationObserver(client, {
    mutationFn: () => ask(commands.decideFace(seen(face), said)),
  }).mutate();

export const dismiss = (client: QueryClient, face: Face) =>
  new MutationObserver(client, {
    mutationFn: () => ask(commands.dismissConflicts(seen(face))),
  }).mutate();

export const moveBox = (client: QueryClient, face: Face, bounds: Bounds) =>
  new MutationObserver(client, {
    mutationFn: () => ask(commands.moveBox(seen(face), bounds)),
  }).mutate();

export const deleteFace = (client: QueryClient, face: Face) =>
  new MutationObserver(client, {
    mutationFn: () => ask(commands.deleteFace(seen(face))),
  }).mutate();

export const drawFace = (client: QueryClient, mediaId: number, bounds: Bounds) =>
  new MutationObserver(client, {
    mutationFn: () => ask(commands.drawFace(mediaId, bounds)),
  }).mutate();

/** Why no face can be drawn, or null; the settings don't change while the window is open. */
export const createDrawingProblem = () =>
  createQuery(() => ({
    queryKey: [...key, 'drawing problem'],
    queryFn: () => ask(commands.drawingProblem()),
    staleTime: Infinity,
  }));

export const undo = (client: QueryClient) =>
  new MutationObserver(client, { mutationFn: () => ask(commands.undoDecision()) }).mutate();

/** A face as it waits now. */
export const reread = (client: QueryClient, faceId: number) =>
  client.fetchQuery({
    queryKey: [...key, 'one', faceId],
    queryFn: () => ask(commands.waitingFace(faceId)),
    staleTime: 0,
    gcTime: 0,
  });

/** Says that this window still looks at these faces; who else looks at the photo. */
export const keep = (held: number[], photo: number | null) => ask(commands.keepFaces(held, photo));

/** Says which wall this window looks at; who else does. */
export const keepWall = (on: OnWall | null) => ask(commands.keepWall(on));

const peopleWaiting = [...key, 'people waiting'];

/** The people for whom faces wait, those with the most first. */
export const createPeopleWaiting = (queue: () => Queue) =>
  createInfiniteQuery(() => ({
    queryKey: [...peopleWaiting, queue()],
    queryFn: ({ pageParam }: { pageParam: PersonCursor | null }) =>
      ask(commands.peopleWaiting(queue(), pageParam, 100)),
    initialPageParam: null,
    getNextPageParam: ({ next }: PeopleWaiting) => next,
    staleTime: 30_000,
  }));

export const peopleWaitingChanged = (client: QueryClient) =>
  client.invalidateQueries({ queryKey: peopleWaiting });

export const decideMany = (client: QueryClient, faces: readonly Face[], said: Said) =>
  new MutationObserver(client, {
    mutationFn: () => ask(commands.decideFaces(faces.map(seen), said)),
  }).mutate();

/** With what a line at this similarity needs, where one is given. */
export const lineOf = (client: QueryClient, wall: Wall, similarity: number | null) =>
  client.fetchQuery({
    queryKey: [...key, 'line', wall, similarity],
    queryFn: () => ask(commands.faceLine(wall, similarity)),
    staleTime: 0,
    gcTime: 0,
  });

/** Faces above the line, in no order that tells how similar they are. */
export const sampleAbove = (client: QueryClient, wall: Wall, similarity: number) =>
  client.fetchQuery({
    queryKey: [...key, 'sample', wall, similarity],
    queryFn: () => ask(commands.lineSample(wall, similarity)),
    staleTime: 0,
    gcTime: 0,
  });

export const drawLine = (client: QueryClient, wall: Wall, similarity: number, sample: number[]) =>
  new MutationObserver(client, {
    mutationFn: () => ask(commands.drawLine(wall, similarity, sample)),
  }).mutate();

export const confirmAbove = (client: QueryClient, wall: Wall, similarity: number) =>
  new MutationObserver(client, {
    mutationFn: () => ask(commands.confirmAbove(wall, similarity)),
  }).mutate();

const unknownPeople = [...key, 'unknown people'];

/** Groups of unknown faces that look alike, the largest first. */
export const createUnknownPeople = () =>
  createInfiniteQuery(() => ({
    queryKey: unknownPeople,
    queryFn: ({ pageParam }: { pageParam: UnknownCursor | null }) =>
      ask(commands.unknownPeople(pageParam, 50)),
    initialPageParam: null,
    getNextPageParam: ({ next }: UnknownPeople) => next,
    staleTime: 30_000,
  }));

export const unknownPeopleChanged = (client: QueryClient) =>
  client.invalidateQueries({ queryKey: unknownPeople });

export const pageOfUnknown = (
  client: QueryClient,
  cluster: number,
  after: UnknownFaceCursor | null,
  limit: number,
) =>
  client.fetchQuery({
    queryKey: [...key, 'unknown', cluster, after],
    queryFn: () => ask(commands.unknownFaces(cluster, after, limit)),
    staleTime: 0,
    gcTime: 0,
  });

/** Null stands for no group: nothing is asked. */
export const createUnknownAlike = (cluster: () => number | null) =>
  createQuery(() => {
    const id = cluster();
    return {
      queryKey: [...unknownPeople, 'alike', id],
      queryFn: () => ask(commands.unknownAlike(id ?? 0)),
      enabled: id !== null,
    };
  });

export const nameCluster = (client: QueryClient, cluster: number, person: number) =>
  new MutationObserver(client, {
    mutationFn: () => ask(commands.nameCluster(cluster, person)),
  }).mutate();

/** Into a new group where `into` is null; the group that they are in now. */
export const regroup = (client: QueryClient, faces: number[], into: number | null) =>
  new MutationObserver(client, {
    mutationFn: () => ask(commands.regroupFaces(faces, into)),
  }).mutate();

/** The faces that are in the other group now. */
export const merge = (client: QueryClient, cluster: number, into: number) =>
  new MutationObserver(client, {
    mutationFn: () => ask(commands.mergeClusters(cluster, into)),
  }).mutate();
