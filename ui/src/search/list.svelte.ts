// All hits of a query, of which only those near the place that is looked at are kept. Pages are fetched by cursor, one
// after the other; where the order is that of time, the histogram's spans are queries of their own, so that any of them
// can be reached at once.

import type { Bar, Hit, Like, SearchQuery, SearchResults, Sort } from '../bindings';

/** A run of hits that is fetched at once. */
export interface Page {
  /** The query that brings it: the whole one, or one narrowed to a span of time */
  readonly text: string;
  /** Null: the first page. Undefined while the page before is not there. */
  cursor: string | null | undefined;
  /** What is expected, then what came */
  count: number;
  hits: readonly Hit[] | undefined;
  /** Kept when the hits are let go of */
  ids: readonly number[];
  /** The days that it shows, where the query is narrowed to them */
  readonly bar?: Bar | undefined;
}

export interface Wish {
  text: string;
  sort: Sort;
  like: Examples;
}

export type Examples = Required<Like>;

interface Source {
  page: (query: SearchQuery) => Promise<SearchResults>;
  /** The histogram of a text, the oldest span first */
  bars: (text: string) => Promise<readonly Bar[]>;
}

/** Hits of a page; a screenful and a half. */
export const PAGE = 100;
/** Pages beyond the last known one that can be scrolled to, where there is no other way than one after the other. */
const AHEAD = 10;
/** Pages on each side of what is looked at that keep their hits. */
const KEPT = 6;
/** Hits that are fetched at most, so that a list can take another's place where that is looked at */
const MOST_REACHED = 20 * PAGE;
/** A chain longer than this is left, if a span of time leads there sooner. */
const PATIENCE = 3;
const AT_ONCE = 2;
const SHORTER = 'Fewer photos came than were counted: some are gone by now.';

export class HitList {
  readonly wish: Wish;
  #pages: Page[] = [];
  /** Pages are changed in place, a million hits being many; this says that they were. */
  #version = $state(0);
  /** Of the first page, once it is there */
  first = $state.raw<SearchResults>();
  /** Why a page did not come */
  error = $state.raw<unknown>();
  /** What is weaker about its pages */
  notices = $state.raw<readonly string[]>([]);

  #source: Source;
  #asked: readonly Page[] = [];
  #bars: readonly Bar[] | undefined;
  #cut = false;
  /** Spans that cannot be cut any further */
  #whole = new WeakSet<Bar>();
  #over = false;
  #around: [number, number] = [0, 0];

  constructor(wish: Wish, first: SearchResults, source: Source) {
    this.wish = wish;
    this.#source = source;
    this.first = first;
    this.#notice(first.notice);
    this.#pages = [
      {
        text: wish.text,
        cursor: null,
        count: first.hits.length,
        hits: first.hits,
        ids: first.hits.map(({ mediaId }) => mediaId),
      },
      ...(first.next === null ? [] : chain(wish.text, first.total - first.hits.length, first.next)),
    ];
  }

  get total(): number {
    return this.first?.total ?? 0;
  }

  /** Those that can be scrolled to. */
  get pages(): readonly Page[] {
    void this.#version;
    if (this.#reachable) return this.#pages;
    const known = this.#pages.findLastIndex(({ cursor }) => cursor !== undefined);
    return this.#pages.slice(0, known + 1 + AHEAD);
  }

  /** Changes whenever a page does. */
  get version(): number {
    return this.#version;
  }

  /** The order is that of time, and the spans are known. */
  get dated(): boolean {
    void this.#version;
    return this.#bars !== undefined && this.#inTime;
  }

  /** No more is fetched; answers that are under way are ignored. */
  leave(): void {
    this.#over = true;
  }

  /** What the histogram says of the whole query, the oldest span first. */
  learn(bars: readonly Bar[]): void {
    this.#bars = bars;
    this.#version += 1;
  }

  /** Fetches these pages, and lets go of those that are far from them. */
  want(from: number, to: number): void {
    this.#around = [from, to];
    for (let index = from; index <= to && this.#asked.length < AT_ONCE; index += 1) {
      const page = this.#pages[index];
      if (page === undefined || page.hits !== undefined || this.error !== undefined) continue;
      this.#approach(index);
    }
    this.#letGo();
  }

  /** Tries again what did not come. */
  retry(): void {
    this.error = undefined;
    this.want(...this.#around);
  }

  /** The first page of the span that this day is in; undefined where there is no way there. */
  pageAt(day: string): number | undefined {
    if (!this.dated) return undefined;
    this.#cutIntoBars();
    const found = this.#pages.findIndex(
      ({ bar }) => bar !== undefined && bar.from <= day && day < bar.until,
    );
    return found < 0 ? undefined : found;
  }

  /** Fetches what leads to the pages that another list shows. */
  async reach(other: HitList): Promise<void> {
    await this.idsUpTo(Math.min(MOST_REACHED, (other.#around[1] + 1) * PAGE));
  }

  hitOf(mediaId: number): Hit | undefined {
    void this.#version;
    for (const { ids, hits } of this.#pages) {
      const at = hits === undefined ? -1 : ids.indexOf(mediaId);
      if (at >= 0) return hits?.[at];
    }
    return undefined;
  }

  /** A hit that was corrected is shown as it is now. */
  change(media: readonly number[], changed: (hit: Hit) => Hit): void {
    for (const page of this.#pages) {
      page.hits = page.hits?.map((hit) => (media.includes(hit.mediaId) ? changed(hit) : hit));
    }
    this.#version += 1;
  }

  /** The first hits' ids, fetched where need be. */
  async idsUpTo(most: number): Promise<number[]> {
    const ids: number[] = [];
    for (let index = 0; ids.length < most; index += 1) {
      const page = this.#pages[index];
      if (page === undefined) break;
      if (page.ids.length === 0) await this.#fetch(page);
      if (page.ids.length === 0) break;
      ids.push(...page.ids);
    }
    return ids.slice(0, most);
  }

  get #inTime(): boolean {
    const { sort, like, text } = this.wish;
    // Without words the most relevant are the newest.
    const ranked = like.more.length > 0 || like.less.length > 0;
    return (
      !ranked && (sort === 'newest' || sort === 'oldest' || (sort === 'relevance' && text === ''))
    );
  }

  get #reachable(): boolean {
    return this.dated || this.#pages.length <= 2 * AHEAD;
  }

  /** Fetches the page, or what leads there. */
  #approach(index: number): void {
    const known = this.#pages.findLastIndex(
      ({ cursor }, place) => place <= index && cursor !== undefined,
    );
    const page = this.#pages[known];
    if (page === undefined) return;
    const far = index - known > PATIENCE && this.dated;
    if (far && !this.#cut) this.#cutIntoBars();
    else if (far && page.bar !== undefined && !this.#whole.has(page.bar)) this.#refine(page);
    else if (page.hits === undefined) void this.#fetch(page);
  }

  #cutIntoBars(): void {
    if (this.#cut || this.#bars === undefined) return;
    this.#cut = true;
    this.#pages = this.#spans(this.#bars);
    this.#version += 1;
  }

  #spans(bars: readonly Bar[]): Page[] {
    const order = this.wish.sort === 'oldest' ? bars : bars.toReversed();
    return order
      .filter(({ count }) => count > 0)
      .flatMap((bar) => chain(bar.query, bar.count, null, bar));
  }

  /** A span that has many pages is cut into shorter ones. */
  #refine(page: Page): void {
    const { bar } = page;
    if (bar === undefined || this.#asked.includes(page)) return;
    this.#asked = [...this.#asked, page];
    this.#source.bars(bar.query).then(
      (bars) => {
        this.#asked = this.#asked.filter((other) => other !== page);
        if (this.#over) return;
        const from = this.#pages.findIndex((one) => one.bar === bar);
        const length = this.#pages.filter((one) => one.bar === bar).length;
        const parts = bars.filter(({ count }) => count > 0);
        // A span that stays one is read one page after the other.
        if (parts.length > 1) this.#pages.splice(from, length, ...this.#spans(parts));
        else this.#whole.add(bar);
        this.#version += 1;
      },
      (thrown: unknown) => this.#fail(page, thrown),
    );
  }

  async #fetch(page: Page): Promise<void> {
    if (page.cursor === undefined || this.#asked.includes(page)) return;
    this.#asked = [...this.#asked, page];
    const { sort, like } = this.wish;
    try {
      const query = { text: page.text, sort, like, after: page.cursor, limit: PAGE };
      const { hits, next, notice } = await this.#source.page(query);
      this.#asked = this.#asked.filter((other) => other !== page);
      if (this.#over) return;
      this.#notice(notice);
      this.#take(page, hits, next);
    } catch (thrown) {
      this.#fail(page, thrown);
    }
  }

  #take(page: Page, hits: readonly Hit[], next: string | null): void {
    page.hits = hits;
    page.ids = hits.map(({ mediaId }) => mediaId);
    page.count = hits.length;
    const index = this.#pages.indexOf(page);
    const after = this.#pages[index + 1];
    const follows = after !== undefined && after.text === page.text && after.cursor !== null;
    if (next === null) {
      // Fewer than were expected: what was left out cannot be reached.
      if (follows) {
        this.#pages.splice(index + 1, endOfChain(this.#pages, index) - index);
        if (this.first?.isEstimate === false) this.#notice(SHORTER);
      }
    } else if (follows) {
      after.cursor = next;
    } else {
      this.#pages.splice(index + 1, 0, ...chain(page.text, PAGE, next, page.bar));
    }
    this.#version += 1;
  }

  #notice(notice: string | null | undefined): void {
    const isSaid = !notice || this.notices.some((said) => said.includes(notice));
    if (!isSaid) this.notices = [...this.notices, notice];
  }

  #fail(page: Page, thrown: unknown): void {
    this.#asked = this.#asked.filter((other) => other !== page);
    if (!this.#over) this.error = thrown;
  }

  #letGo(): void {
    const [from, to] = this.#around;
    this.#pages.forEach((page, index) => {
      if (index < from - KEPT || index > to + KEPT) page.hits = undefined;
    });
  }
}

/** Pages for so many hits, of which only the first can be fetched. */
function chain(text: string, count: number, cursor: string | null, bar?: Bar): Page[] {
  if (count <= 0 && cursor === null) return [];
  return Array.from({ length: Math.max(1, Math.ceil(count / PAGE)) }, (_, index) => ({
    text,
    cursor: index === 0 ? cursor : undefined,
    count: Math.max(1, Math.min(PAGE, count - index * PAGE)),
    hits: undefined,
    ids: [],
    bar,
  }));
}

function endOfChain(pages: readonly Page[], index: number): number {
  let end = index;
  while (pages[end + 1]?.text === pages[index]?.text && pages[end + 1]?.cursor !== null) end += 1;
  return end;
}
