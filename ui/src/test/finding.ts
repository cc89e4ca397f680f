// The search of the small world: enough of the query language to look at, and all commands about what was found.

import type {
  Bar,
  Correction,
  Example,
  Facet,
  Facets,
  Hit,
  MediaWords,
  Photo,
  SavedSearch,
  SearchQuery as AnyQuery,
  Suggestion,
  SyntaxProblem,
} from '../bindings';
import type { Answer } from '../host';
import type { Wish } from '../search/list.svelte';
import { people } from './world';

/** As the window asks: with everything said. */
type SearchQuery = AnyQuery & Wish;

const fields = ['tag', 'scene', 'caption', 'title', 'person', 'uploader', 'dept', 'is', 'has', 'after', 'before', 'on', 'media', 'post', 'event', 'similarity']; // prettier-ignore

interface Condition {
  field: string;
  value: string;
  text: string;
  from: number;
}

function read(text: string): Condition[] {
  return [...text.matchAll(/(?:([a-z]+):)?("[^"]*"?|\([^)]*\)?|[^\s()]+)/giu)].map((found) => ({
    field: found[1]?.toLowerCase() ?? '',
    value: (found[2] ?? '').replace(/^"|"$/g, ''),
    text: found[0],
    from: found.index,
  }));
}

function problemOf(text: string): SyntaxProblem | null {
  for (const { field, text: token, from } of read(text)) {
    if (field !== '' && !fields.includes(field)) {
      const message = `There is no field ${field}; did you mean tag?`;
      return { message, from, to: from + field.length + 1, expected: ['tag:'] };
    }
    if ((token.match(/"/g) ?? []).length % 2 === 1) {
      const message = "These quotation marks aren't closed.";
      return { message, from: from + token.indexOf('"'), to: text.length, expected: ['"'] };
    }
  }
  return null;
}

const valuesOf: Record<string, (photo: Photo) => string[]> = {
  tag: ({ tags }) => tags,
  scene: ({ scenes }) => scenes,
  person: ({ faces }) => faces.flatMap(({ identified }) => identified?.username ?? []),
  uploader: ({ uploader }) => [uploader.username],
  dept: ({ uploader }) => (uploader.department === null ? [] : [uploader.department]),
  is: ({ unsafe, mediaId }) => [unsafe ? 'unsafe' : 'safe', isVideo(mediaId) ? 'video' : 'image'],
  media: ({ mediaId }) => [String(mediaId)],
  post: ({ postId }) => [String(postId)],
  caption: ({ caption }) => [caption ?? ''],
  title: ({ postTitle }) => [postTitle ?? ''],
  event: () => [],
};

const isVideo = (mediaId: number) => mediaId % 11 === 0;

const everything = (photo: Photo) =>
  [
    photo.caption,
    photo.postTitle,
    ...photo.tags,
    photo.uploader.fullName,
    ...photo.faces.map(({ identified }) => identified?.fullName),
  ]
    .join(' ')
    .toLowerCase();

function holds(photo: Photo, { field, value }: Condition): boolean {
  const day = photo.createdAt.slice(0, 10);
  if (field === '') return everything(photo).includes(value.toLowerCase());
  if (field === 'similarity' || field === 'has') return true;
  if (field === 'after') return day > value;
  if (field === 'before') return day < value;
  if (field === 'on') return day.startsWith(value);
  const any = value
    .replace(/[()"]/g, '')
    .split(' OR ')
    .map((one) => one.toLowerCase());
  return (valuesOf[field]?.(photo) ?? []).some((own) => any.includes(own.toLowerCase()));
}

const term = (field: string, value: string) =>
  `${field}:${/^[\p{L}\p{N}][\p{L}\p{N}_.-]*$/u.test(value) ? value : `"${value.replaceAll('"', '')}"`}`;

function toggled(text: string, field: string, value: string): [boolean, string] {
  const wanted = term(field, value);
  const parts = read(text).map(({ text }) => text);
  return parts.includes(wanted)
    ? [true, parts.filter((part) => part !== wanted).join(' ')]
    : [false, `${text} ${wanted}`.trim()];
}

const facetFields: [string, string, (photo: Photo) => string[]][] = [
  ['tag', 'tag', ({ tags }) => tags.filter((tag) => tag.length < 40)],
  ['scene', 'scene', ({ scenes }) => scenes],
  ['person', 'person', valuesOf['person'] as never],
  ['uploader', 'uploader', ({ uploader }) => [uploader.username.slice(0, 40)]],
  ['dept', 'dept', valuesOf['dept'] as never],
  ['type', 'is', ({ mediaId }) => [isVideo(mediaId) ? 'video' : 'image']],
  ['safety', 'is', ({ unsafe }) => [unsafe ? 'unsafe' : 'safe']],
];

function histogram(text: string, found: readonly Photo[]): Bar[] {
  const months = new Map<string, number>();
  for (const { createdAt } of found) {
    const month = createdAt.slice(0, 7);
    months.set(month, (months.get(month) ?? 0) + 1);
  }
  return [...months].sort().map(([month, count]) => {
    const start = new Date(`${month}-01T00:00:00Z`);
    const end = new Date(start);
    end.setUTCMonth(end.getUTCMonth() + 1);
    const eve = new Date(start.getTime() - 86_400_000).toISOString().slice(0, 10);
    const until = end.toISOString().slice(0, 10);
    return {
      from: `${month}-01`,
      until,
      count,
      query: `${text} after:${eve} before:${until}`.trim(),
    };
  });
}

export function finding(onScreen: () => Photo[], role: () => string | null) {
  const corrected = new Map<number, Pick<Photo, 'caption' | 'tags' | 'scenes'>>();
  const entries = new Map<
    number,
    { mediaId: number; before: Pick<Photo, 'caption' | 'tags' | 'scenes'> }
  >();
  let last = 500;
  const saved: SavedSearch[] = [
    { savedSearchId: 1, name: 'Beaches', text: 'tag:beach', isShared: false, isMine: true, owner: 'bo.lindqvist', newHits: 12 },
    { savedSearchId: 2, name: 'Nobody named', text: 'is:unidentified', isShared: true, isMine: false, owner: 'mei.tanaka', newHits: 0 },
  ]; // prettier-ignore
  const exports = new Map<number, Answer<'exportProgress'>>();

  const now = (photo: Photo): Photo => ({ ...photo, ...corrected.get(photo.mediaId) });
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
  const reactions = ({ mediaId }: Photo) => (mediaId * 37) % 60;
  const similar = (examples: readonly Example[], mediaId: number) =>
    examples.length === 0 ? null : 1 - ((mediaId * 13) % 70) / 100;

  const hitOf =
    (query: SearchQuery) =>
    (photo: Photo, index: number): Hit => {
      const words = read(query.text).filter(({ field }) => field === '');
      const word = words.find(({ value }) =>
        photo.caption?.toLowerCase().includes(value.toLowerCase()),
      );
      const at =
        word === undefined
          ? -1
          : (photo.caption ?? '').toLowerCase().indexOf(word.value.toLowerCase());
      const end = at + (word?.value.length ?? 0);
      const caption = photo.caption ?? '';
      const size = { width: photo.width, height: photo.height };
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
        reactions: reactions(photo),
        comments: photo.mediaId % 5,
        why: {
          matched:
            at < 0
              ? []
              : [
                  {
                    field: 'caption',
                    parts: [
                      { text: caption.slice(0, at), isMatch: false },
                      { text: caption.slice(at, end), isMatch: true },
                      { text: caption.slice(end, end + 200), isMatch: false },
                    ],
                  },
                ],
          textRank: words.length === 0 ? null : index + 1,
          vectorRank: query.like.more.length === 0 ? null : index + 1,
          similarity: similar(query.like.more, photo.mediaId),
        },
        ...size,
      };
    };

  const paged = <T, H>(
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
      tookMs: 7,
      elasticMs: 4,
      hits: all.slice(start, end).map((one, index) => hit(one, start + index)),
      next: end < all.length ? String(end) : null,
      problem: problemOf(query.text),
    };
  };

  const facet = (text: string, name: string, startsWith = ''): Facet => {
    const [, field, values] = facetFields.find(([own]) => own === name) ?? ['', '', () => []];
    const counts = new Map<string, number>();
    for (const photo of matching(text)) {
      for (const value of values(photo)) counts.set(value, (counts.get(value) ?? 0) + 1);
    }
    return {
      field: name,
      values: [...counts]
        .filter(([value]) => value.toLowerCase().startsWith(startsWith.toLowerCase()))
        .sort(([, one], [, two]) => two - one)
        .slice(0, 50)
        .map(([value, count]) => {
          const [isChosen, after] = toggled(text, field, value);
          return { value, count, isChosen, toggled: after };
        }),
    };
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

  const wordsOf = (mediaId: number): MediaWords => {
    const photo = onScreen()
      .map(now)
      .find((photo) => photo.mediaId === mediaId);
    return {
      mediaId,
      version: '700',
      caption: photo?.caption?.slice(0, 4000) ?? null,
      tags: photo?.tags ?? [],
      scenes: photo?.scenes ?? [],
    };
  };

  return {
    search: ({ query }: { query: SearchQuery }) => paged(ordered(query), query, hitOf(query)),
    searchFacets: ({ text }: { text: string }): Facets => ({
      engine: 'elasticsearch',
      facets: facetFields
        .filter(([name]) => name !== 'safety' || role() === 'admin')
        .map(([name]) => facet(text, name)),
      histogram: histogram(text, matching(text)),
      problem: problemOf(text),
    }),
    searchFacetValues: (args: { text: string; field: string; startsWith: string }) =>
      facet(args.text, args.field, args.startsWith),
    searchCounts: ({ text }: { text: string }) => ({
      media: matching(text).length,
      posts: postsOf(text).length,
      people: peopleOf(text).length,
      faces: facesOf(text).length,
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
    suggest: ({ text, caret }: { text: string; caret: number }) => {
      const before = text.slice(0, caret);
      const typed = /[^\s():]*$/u.exec(before)?.[0] ?? '';
      const name = /([a-z]+):[^\s():]*$/iu.exec(before)?.[1]?.toLowerCase();
      const from = caret - typed.length;
      const entry = (kind: Suggestion['kind'], insert: string, more: Partial<Suggestion> = {}) => ({
        kind,
        insert,
        label: insert,
        detail: null,
        count: null,
        userId: null,
        ...more,
      });
      const begins = (value: string) => value.toLowerCase().startsWith(typed.toLowerCase());
      const values =
        name === undefined
          ? []
          : facet('', name, typed).values.map(({ value, count }) =>
              entry('value', term('', value).slice(1), { label: value, count }),
            );
      const named = fields.filter(begins).map((field) => entry('field', `${field}:`));
      const tags = facet('', 'tag', typed).values.map(({ value, count }) =>
        entry('tag', term('tag', value), { label: value, count }),
      );
      const persons = people
        .filter(({ fullName, username }) => begins(fullName ?? '') || begins(username))
        .map(({ id, username, fullName, department }) =>
          entry('person', term('person', username), {
            label: fullName ?? username,
            detail: department,
            userId: id,
          }),
        );
      const all = name !== undefined ? values : [...named.slice(0, 4), ...tags.slice(0, 5), ...persons.slice(0, 4)]; // prettier-ignore
      return { from, to: caret, entries: all.slice(0, 12) };
    },
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
    savedSearches: () => saved.map((search) => ({ ...search })),
    saveSearch: (args: { name: string; text: string; isShared: boolean }) => {
      const search = {
        savedSearchId: (last += 1),
        ...args,
        isMine: true,
        owner: 'bo.lindqvist',
        newHits: 0,
      };
      saved.push(search);
      return search;
    },
    renameSearch: ({ id, ...change }: { id: number; name: string; isShared: boolean }) => {
      Object.assign(saved.find(({ savedSearchId }) => savedSearchId === id) ?? {}, change);
      return null;
    },
    deleteSearch: ({ id }: { id: number }) => {
      saved.splice(
        saved.findIndex(({ savedSearchId }) => savedSearchId === id),
        1,
      );
      return null;
    },
    searchSeen: ({ id }: { id: number }) => {
      Object.assign(saved.find(({ savedSearchId }) => savedSearchId === id) ?? {}, { newHits: 0 });
      return null;
    },
    exportSearch: ({ text, path }: { text: string; path: string }) => {
      const total = matching(text).length;
      exports.set((last += 1), { done: total, total, state: 'done', message: path });
      return last;
    },
    exportProgress: ({ id }: { id: number }) =>
      exports.get(id) ?? {
        done: 0,
        total: 0,
        state: 'failed' as const,
        message: 'There is no such export.',
      },
    cancelExport: ({ id }: { id: number }) => {
      exports.set(id, { done: 0, total: 0, state: 'cancelled', message: null });
      return null;
    },
    mediaWords: ({ media }: { media: number[] }) => media.map(wordsOf),
    mediaCorrections: () => [],
    correctMedia: (args: { media: { id: number }[]; correction: Correction }) => ({
      done: args.media.map(({ id }) => {
        const { caption, addTags, removeTags, addScenes, removeScenes } = args.correction;
        const { caption: was, tags, scenes } = wordsOf(id);
        const changed = (own: string[], add: string[], remove: string[]) =>
          [...new Set([...own, ...add])].filter((word) => !remove.includes(word));
        entries.set((last += 1), { mediaId: id, before: { caption: was, tags, scenes } });
        corrected.set(id, {
          caption: caption ?? was,
          tags: changed(tags, addTags, removeTags),
          scenes: changed(scenes, addScenes, removeScenes),
        });
        return { mediaId: id, auditId: last };
      }),
      skipped: [] as { mediaId: number; reason: string }[],
    }),
    undoCorrection: ({ corrections }: { corrections: number[] }) => ({
      done: corrections.flatMap((auditId) => {
        const entry = entries.get(auditId);
        if (entry === undefined) return [];
        corrected.set(entry.mediaId, entry.before);
        return [{ mediaId: entry.mediaId, auditId }];
      }),
      skipped: [] as { mediaId: number; reason: string }[],
    }),
    /** A photo as it was corrected. */
    now,
  };
}
