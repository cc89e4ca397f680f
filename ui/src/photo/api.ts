// What the viewer asks for: true sizes, and pictures before they are needed.

import { createQuery, queryOptions, type QueryClient } from '@tanstack/svelte-query';

import { ask, commands, media, pictureProblem } from '../host';

/** A picture's size never changes, and asking for it reads the head of the original. */
export const sizeOf = (mediaId: number) =>
  queryOptions({
    queryKey: ['photo', 'size', mediaId],
    queryFn: () => ask(commands.pictureSize(mediaId)),
    staleTime: Infinity,
  });

/** A photo with its faces as they are now. */
export const photoOf = (mediaId: number) =>
  queryOptions({
    queryKey: ['photo', 'faces', mediaId],
    queryFn: () => ask(commands.photo(mediaId)),
  });

export const createSize = (mediaId: () => number) => createQuery(() => sizeOf(mediaId()));

/** Null stands for no photo: nothing is asked. */
export const createPhoto = (mediaId: () => number | null) =>
  createQuery(() => {
    const id = mediaId();
    return { ...photoOf(id ?? 0), enabled: id !== null };
  });

/** Why the picture at `url` did not come. */
export const createReason = (url: () => string | null) =>
  createQuery(() => {
    const wanted = url();
    return {
      queryKey: ['photo', 'reason', wanted],
      queryFn: () => pictureProblem(wanted ?? ''),
      enabled: wanted !== null,
    };
  });

// The elements are kept, or the web view might let go of the pixels before they are shown.
const fetched = new Map<string, HTMLImageElement>();
const KEPT = 60;

/** Has the web view load a picture that will be wanted soon; one that does not come says why when it is shown. */
export function preload(url: string): Promise<void> {
  const image = fetched.get(url) ?? new Image();
  fetched.delete(url);
  fetched.set(url, image);
  for (const oldest of [...fetched.keys()].slice(0, -KEPT)) fetched.delete(oldest);
  if (image.src !== '') return Promise.resolve();
  return new Promise((resolve) => {
    image.onload = image.onerror = () => resolve();
    image.src = url;
  });
}

/** A photo's size and its pixels, before it is shown. */
export const preparePhoto = (client: QueryClient, mediaId: number) =>
  Promise.all([client.prefetchQuery(sizeOf(mediaId)), preload(media.photo(mediaId))]);
