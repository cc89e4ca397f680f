// What the viewer asks for: true sizes, and what is needed before it is shown.

import { createQuery, queryOptions, type QueryClient } from '@tanstack/svelte-query';

import { ask, commands, media, pictureProblem } from '../host';
import { preload, scale } from './pictures';
import { nextSize } from './viewpoint.svelte';

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

/** A photo's size and its pixels, before it is shown. */
export async function preparePhoto(client: QueryClient, mediaId: number): Promise<void> {
  const [size, url] = [sizeOf(mediaId), media.photo(mediaId)];
  await Promise.all([client.prefetchQuery(size), preload(url)]);
  const picture = client.getQueryData(size.queryKey);
  const drawn = picture === undefined ? null : nextSize(picture);
  if (drawn !== null) scale(url, drawn);
}
