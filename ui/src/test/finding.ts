// The search of the small world, and all commands about what was found.

import type { Facets, Photo } from '../bindings';
import { corrections } from './corrections';
import { facet, facetFields, histogram } from './facets';
import { hitOf, paged, reactions, similar, type SearchQuery } from './hits';
import { exporting, savedSearches } from './kept';
import { holds, problemOf, read, valuesOf } from './query';
import { suggest } from './suggestions';
import { people } from './world';

export function finding(onScreen: () => Photo[], role: () => string | null) {
  const { now, ...correcting } = corrections(onScreen);

  const matching = (text: string) => {
    const conditions = read(text);
    return onScreen()
      .map(now)
      .filter((photo) => conditions.every((condition) => holds(photo, condition)));
  };
  const ordered = ({ text, sort }: SearchQuery) => {
    const found = problemOf(text) === null ? matching(text) : [];
    if (sort === 'oldest') return found.toReversed();
    if (sort === 'reactions') return found.toSorted((one, two) => reactions(two) - reactions(one));
    return found;
  };

  const postsOf = (text: string) => {
    const posts = new Map<number, Photo[]>();
    for (const photo of matching(text)) {
      posts.set(photo.postId, [...(posts.get(photo.postId) ?? []), photo]);
    }
    return [...posts.values()];
  };
  const peopleOf = (text: string) => {
    const words = read(text).filter(({ field }) => field === '');
    return people.filter(({ fullName, username }) =>
      words.every(({ value }) =>
        `${fullName} ${username}`.toLowerCase().includes(value.toLowerCase()),
      ),
    );
  };
  const facesOf = (text: string) =>
    matching(text).flatMap((photo) => photo.faces.map((face) => ({ photo, face })));

  return {
    search: ({ query }: { query: SearchQuery }) => paged(ordered(query), query, hitOf(query)),
    searchFacets: ({ text }: { text: string }): Facets => ({
      engine: 'elasticsearch',
      facets: facetFields
        .filter(([name]) => name !== 'safety' || role() === 'admin')
        .map(([name]) => facet(matching(text), text, name)),
      histogram: histogram(text, matching(text)),
      isEstimate: false,
      problem: problemOf(text),
    }),
    searchFacetValues: (args: { text: string; field: string; startsWith: string }) =>
      facet(matching(args.text), args.text, args.field, args.startsWith),
    indexState: () => ({ answers: true, behind: 0 }),
    whoIs: () => ({
      engine: 'elasticsearch' as const,
      notice: null,
      people: people.slice(0, 3).map(({ id, username, fullName, department }, index) => ({
        userId: id,
        username,
        fullName,
        department,
        similarity: 0.9 - index / 10,
      })),
    }),
    cancelRequest: () => null,
    searchCounts: ({ text }: { text: string }) => ({
      media: matching(text).length,
      posts: postsOf(text).length,
      people: peopleOf(text).length,
      faces: facesOf(text).length,
      isEstimate: false,
      engine: 'elasticsearch' as const,
    }),
    searchPosts: ({ query }: { query: SearchQuery }) =>
      paged(postsOf(query.text), query, (photos) => ({
        postId: photos[0]?.postId ?? 0,
        title: photos[0]?.postTitle ?? null,
        author: photos[0]?.uploader.username ?? '',
        department: photos[0]?.uploader.department ?? null,
        createdAt: photos[0]?.createdAt ?? '',
        media: photos.slice(0, 4).map(({ mediaId }) => mediaId),
        mediaCount: photos.length,
        tags: [...new Set(photos.flatMap(({ tags }) => tags))].slice(0, 20),
        event: 'beach_party',
        reactions: 14,
        comments: 3,
      })),
    searchPeople: ({ query }: { query: SearchQuery }) =>
      paged(peopleOf(query.text), query, (person) => ({
        userId: person.id,
        username: person.username,
        fullName: person.fullName,
        department: person.department,
        isEnrolled: person.enrolled,
        posts: person.id * 3,
        followers: person.id * 17,
      })),
    searchFaces: ({ query }: { query: SearchQuery }) =>
      paged(facesOf(query.text), query, ({ photo, face }) => ({
        faceId: `00000000-0000-4000-8000-${String(face.id).padStart(12, '0')}`,
        mediaId: photo.mediaId,
        bounds: face.bounds,
        person: face.identified?.username ?? null,
        confidence: face.similarity,
        uploader: photo.uploader.username,
        createdAt: photo.createdAt,
        similarity: similar(query.like.more, face.id),
      })),
    suggest: ({ text, caret }: { text: string; caret: number }) =>
      suggest(text, caret, matching('')),
    post: ({ postId }: { postId: number }) => {
      const photos = onScreen().filter((photo) => photo.postId === postId);
      const first = photos[0];
      if (first === undefined) throw { code: 'notFound', message: 'This post is gone.' };
      return {
        postId,
        title: first.postTitle,
        body: 'What a day. Thank you all for coming!',
        authorId: first.uploader.id,
        author: first.uploader.username,
        department: first.uploader.department,
        status: 'PUBLISHED',
        visibility: 'PUBLIC',
        createdAt: first.createdAt,
        media: photos.map(({ mediaId }) => mediaId),
        tags: [...new Set(photos.flatMap(({ tags }) => tags))],
        scenes: [...new Set(photos.flatMap(({ scenes }) => scenes))],
        event: 'beach_party',
        inferredTags: ['outdoor_event', 'friends'],
        people: [...new Set(photos.flatMap((photo) => valuesOf['person']?.(photo) ?? []))],
        reactions: 14,
        comments: 3,
      };
    },
    personFeed: ({ userId }: { userId: number }) =>
      onScreen()
        .slice(0, 12)
        .map(({ mediaId }, index) => {
          const parts = [
            { name: 'recency', weight: 0.4, value: 1 - index / 20 },
            { name: 'closeness', weight: 0.3, value: ((userId + index) % 5) / 5 },
            { name: 'interest', weight: 0.2, value: 0.6 },
            { name: 'engagement', weight: 0.1, value: 0.3 },
          ];
          const score = parts.reduce((sum, { weight, value }) => sum + weight * value, 0);
          return { mediaId, score, parts, expiresAt: '2025-11-27T00:00:00Z' };
        }),
    ...savedSearches(),
    ...exporting(matching),
    ...correcting,
    /** A photo as it was corrected. */
    now,
  };
}
