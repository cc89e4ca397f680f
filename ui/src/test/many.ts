// So many media that only windows of them can be shown: for looking at the grid, and for measuring it.

import type { Bar, Facets, Hit, SearchQuery, SearchResults } from '../bindings';
import { photos } from './world';

/** The last day that has media */
const LAST = Date.UTC(2025, 10, 20);
const DAY = 86_400_000;

const iso = (time: number) => new Date(time).toISOString().slice(0, 10);

function timeOf(text: string, name: string): number | undefined {
  const found = new RegExp(String.raw`${name}:(\d{4}-\d\d-\d\d)`).exec(text)?.[1];
  return found === undefined ? undefined : new Date(`${found}T00:00:00Z`).getTime();
}

/** `total` media, a thousand a day. */
export function many(total: number) {
  const perDay = 1000;
  const first = LAST - Math.ceil(total / perDay) * DAY + DAY;
  const spanOf = (text: string): [number, number] => [
    Math.max(first, (timeOf(text, 'after') ?? -Infinity) + DAY),
    Math.min(LAST + DAY, timeOf(text, 'before') ?? Infinity),
  ];
  const countOf = ([from, until]: [number, number]) =>
    Math.max(0, Math.min(total, ((until - from) / DAY) * perDay));

  return {
    search: ({ query }: { query: SearchQuery }): SearchResults => {
      const span = spanOf(query.text);
      const count = countOf(span);
      const start = Number(query.after ?? 0);
      const end = Math.min(count, start + query.limit);
      const before =
        query.sort === 'oldest' ? (span[0] - first) / DAY : (LAST + DAY - span[1]) / DAY;
      const hits = Array.from({ length: Math.max(0, end - start) }, (_, index): Hit => {
        const number = before * perDay + start + index;
        const like = photos[number % 200];
        const day = Math.floor(number / perDay) * DAY;
        return {
          mediaId: number + 1,
          postId: 1,
          title: like?.postTitle ?? null,
          caption: `Photo ${number + 1}`,
          tags: [],
          people: [],
          uploader: 'amara.okafor',
          department: null,
          createdAt: new Date(query.sort === 'oldest' ? first + day : LAST - day).toISOString(),
          scenes: [],
          isVideo: false,
          width: like?.width ?? null,
          height: like?.height ?? null,
          reactions: 0,
          comments: 0,
          why: { matched: [], textRank: null, vectorRank: null, similarity: null },
        };
      });
      return {
        engine: 'elasticsearch',
        notice: null,
        total: count,
        isEstimate: false,
        tookMs: 3,
        elasticMs: 1,
        isStandIn: false,
        hits,
        next: end < count ? String(end) : null,
        problem: null,
      };
    },
    searchFacets: ({ text }: { text: string }): Facets => {
      const [from, until] = spanOf(text);
      const days = Math.max(1, Math.ceil((until - from) / DAY / 60));
      const histogram: Bar[] = [];
      for (let start = from; start < until; start += days * DAY) {
        const end = Math.min(until, start + days * DAY);
        const query = `after:${iso(start - DAY)} before:${iso(end)}`;
        histogram.push({ from: iso(start), until: iso(end), count: countOf([start, end]), query });
      }
      return { engine: 'elasticsearch', facets: [], histogram, isEstimate: false, problem: null };
    },
  };
}
