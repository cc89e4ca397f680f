// What the small world finds, as hits and in pages.

import type { Example, Hit, Photo, SearchQuery as AnyQuery } from '../bindings';
import type { Wish } from '../search/list.svelte';
import { isVideo, problemOf, read } from './query';

/** As the window asks: with everything said. */
export type SearchQuery = AnyQuery & Wish;

export const reactions = ({ mediaId }: Photo) => (mediaId * 37) % 60;
export const similar = (examples: readonly Example[], mediaId: number) =>
  examples.length === 0 ? null : 1 - ((mediaId * 13) % 70) / 100;

export const hitOf =
  (query: SearchQuery) =>
  (photo: Photo, index: number): Hit => {
    const words = read(query.text).flatMap(({ field, value }) => (field === '' ? [value] : []));
    return {
      mediaId: photo.mediaId,
      postId: photo.postId,
      title: photo.postTitle,
      caption: photo.caption,
      tags: photo.tags,
      scenes: photo.scenes,
      people: photo.faces.flatMap(({ identified }) => identified?.username ?? []),
      uploader: photo.uploader.username,
      department: photo.uploader.department,
      createdAt: photo.createdAt,
      isVideo: isVideo(photo.mediaId),
      width: photo.width,
      height: photo.height,
      reactions: reactions(photo),
      comments: photo.mediaId % 5,
      why: {
        matched: matched(photo.caption ?? '', words),
        textRank: words.length === 0 ? null : index + 1,
        vectorRank: query.like.more.length === 0 ? null : index + 1,
        similarity: similar(query.like.more, photo.mediaId),
      },
    };
  };

/** Where the caption has the first of the words that it has. */
function matched(caption: string, words: readonly string[]): Hit['why']['matched'] {
  const text = caption.toLowerCase();
  const word = words.find((word) => text.includes(word.toLowerCase()));
  if (word === undefined) return [];
  const at = text.indexOf(word.toLowerCase());
  const end = at + word.length;
  return [
    {
      field: 'caption',
      parts: [
        { text: caption.slice(0, at), isMatch: false },
        { text: caption.slice(at, end), isMatch: true },
        { text: caption.slice(end, end + 200), isMatch: false },
      ],
    },
  ];
}

/** A page of all that was found, each as a hit. */
export const paged = <T, H>(
  all: readonly T[],
  query: SearchQuery,
  hit: (one: T, index: number) => H,
) => {
  const start = query.after === null ? 0 : Number(query.after);
  const end = start + query.limit;
  return {
    engine: 'elasticsearch' as const,
    notice: null,
    total: all.length,
    isEstimate: false,
    tookMs: 7,
    elasticMs: 4,
    isStandIn: false,
    hits: all.slice(start, end).map((one, index) => hit(one, start + index)),
    next: end < all.length ? String(end) : null,
    problem: problemOf(query.text),
  };
};
