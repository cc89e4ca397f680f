// What the operator looks for, and what was found. The text says everything but the order and the examples.

import type { QueryClient } from '@tanstack/svelte-query';

import type { Example, SearchResults, Sort, SyntaxProblem, Wish as WholeWish } from '../bindings';
import { count } from '../components/text';
import { complain, toast } from '../components/toast';
import { facetsOf, pageOfMedia } from './api';
import { Corrections } from './corrections.svelte';
import { HitList, PAGE, type Examples, type Wish } from './list.svelte';
import { rememberSearch } from './recent';
import { Selection } from '../components/selection.svelte';

export const kinds = ['media', 'posts', 'people', 'faces'] as const;
export type Kind = (typeof kinds)[number];

/** Of each of more and less */
const MOST_EXAMPLES = 10;
/** As many as can be selected at once */
const MOST_SELECTED = 1000;
/** After the last letter, in milliseconds: longer than people take from one letter to the next, so that who types on is not held up by
 * the drawing of an answer, which takes the window as long as some letters. */
const REST = 350;
/** Somebody who comes back to the screen so soon finds it as they left it; in milliseconds. */
const FRESH = 60_000;

const nothing: Examples = { more: [], less: [] };

export class Search {
  readonly operator: number;
  text = $state('');
  sort = $state<Sort>('relevance');
  like = $state.raw<Examples>(nothing);
  kind = $state<Kind>('media');
  facetsShown = $state(localStorage.getItem(facetsKey) !== 'no');
  readonly selection = new Selection();
  readonly corrections: Corrections;
  /** The photos whose words are being corrected */
  correcting = $state.raw<readonly number[]>();
  /** Where the grid was left, in pixels */
  scroll = 0;

  /** The last answer; it stays until the next one is there. */
  list = $state.raw<HitList>();
  /** The text cannot be read: `list` is still that of the last one that could. */
  problem = $state.raw<SyntaxProblem>();
  /** Why there is no answer */
  error = $state.raw<unknown>();
  fetching = $state(false);
  /** The export that was begun last */
  exported = $state<number | null>(null);
  /** The text that was answered last, with hits or a problem */
  answered = $state<string>();

  #client: QueryClient;
  #turn = 0;
  #asked: Wish | undefined;
  #askedAt = 0;
  #typedAt = -Infinity;
  #renewing = false;

  constructor(client: QueryClient, operator: number) {
    this.#client = client;
    this.operator = operator;
    this.corrections = new Corrections(client, () => this.list);
  }

  get wish(): Wish {
    return { text: this.text.trim(), sort: this.sort, like: this.like };
  }

  /** `list` answers what is asked for now. */
  get current(): boolean {
    return !this.fetching && this.error === undefined && this.problem === undefined;
  }

  /** PostgreSQL answered because Elasticsearch did not. */
  get standsIn(): boolean {
    return this.current && this.list?.first?.isStandIn === true;
  }

  /** All that defines the result. */
  get whole(): WholeWish {
    const { more, less } = this.like;
    return { ...this.wish, tab: this.kind, like: { more: [...more], less: [...less] } };
  }

  /** Something is asked for that another day has another answer to. */
  get canBeSaved(): boolean {
    return this.wish.text !== '' || this.hasExamples;
  }

  /** Asks for just what was saved. */
  restore({ text, tab, sort, like }: WholeWish): void {
    this.text = text;
    this.kind = tab;
    this.sort = sort;
    this.like = { more: like.more ?? [], less: like.less ?? [] };
  }

  lookFor(text: string): void {
    this.text = text;
  }

  /** Asks, unless that was answered a moment ago. */
  want(wish: Wish): void {
    const fresh = performance.now() - this.#askedAt < FRESH;
    if (fresh && sameWish(wish, this.#asked)) return;
    void this.ask(wish);
  }

  /** Asks for what is wished now; an answer to what was wished before is ignored. */
  async ask(wish: Wish): Promise<void> {
    const turn = (this.#turn += 1);
    this.fetching = true;
    this.#asked = wish;
    this.#askedAt = performance.now();
    try {
      const first = await pageOfMedia(this.#client, { ...wish, after: null, limit: PAGE });
      await this.atRest();
      if (turn === this.#turn) this.#take(wish, first);
    } catch (thrown) {
      if (turn === this.#turn) this.error = thrown;
    } finally {
      if (turn === this.#turn) this.fetching = false;
    }
  }

  /** Asks for the same once more, and shows what Elasticsearch answers in the place of what PostgreSQL did; nothing else changes. */
  async renew(): Promise<void> {
    const [turn, shown] = [this.#turn, this.list];
    if (shown === undefined || !this.standsIn || this.#renewing) return;
    this.#renewing = true;
    try {
      const { wish } = shown;
      const first = await pageOfMedia(this.#client, { ...wish, after: null, limit: PAGE });
      if (first.isStandIn || first.problem !== null) return;
      const list = this.#listOf(wish, first);
      await list.reach(shown);
      if (turn !== this.#turn || this.list !== shown) return;
      shown.leave();
      this.list = list;
    } catch {
      // What is shown stays; it is tried again as long as it is weaker.
    } finally {
      this.#renewing = false;
    }
  }

  /** A letter was typed: what has been answered is not drawn yet. */
  typing(): void {
    this.#typedAt = performance.now();
  }

  /** The answer is waited for. */
  typed(): void {
    this.#typedAt = -Infinity;
  }

  /** Resolves when nobody types. */
  async atRest(): Promise<void> {
    for (;;) {
      const left = this.#typedAt + REST - performance.now();
      if (left <= 0) return;
      await new Promise((resolve) => setTimeout(resolve, left));
    }
  }

  again(): void {
    void this.ask(this.wish);
  }

  /** More like these; what was an example of the other kind is so no longer. */
  more(examples: readonly Example[]): void {
    this.like = {
      more: joined(this.like.more, examples),
      less: without(this.like.less, examples),
    };
  }

  less(examples: readonly Example[]): void {
    this.like = {
      more: without(this.like.more, examples),
      less: joined(this.like.less, examples),
    };
  }

  similarTo(example: Example): void {
    this.like = { more: [example], less: [] };
    this.kind = example.kind === 'face' ? 'faces' : 'media';
    this.sort = 'relevance';
  }

  forget(example: Example): void {
    this.like = {
      more: without(this.like.more, [example]),
      less: without(this.like.less, [example]),
    };
  }

  forgetExamples(): void {
    this.like = nothing;
  }

  get hasExamples(): boolean {
    return this.like.more.length + this.like.less.length > 0;
  }

  /** Selects everything that was found, or as much of it as can be. */
  async selectAll(): Promise<void> {
    if (this.list === undefined) return;
    const { list } = this;
    try {
      const ids = await list.idsUpTo(MOST_SELECTED);
      this.selection.set(ids);
      if (ids.length < list.total) {
        toast(`The first ${count(ids.length)} of ${count(list.total)} photos are selected.`);
      }
    } catch (thrown) {
      complain(thrown);
    }
  }

  toggleFacets(): void {
    this.facetsShown = !this.facetsShown;
    localStorage.setItem(facetsKey, this.facetsShown ? 'yes' : 'no');
  }

  #take(wish: Wish, first: SearchResults): void {
    this.error = undefined;
    this.answered = wish.text;
    this.problem = first.problem ?? undefined;
    if (first.problem !== null) return;
    rememberSearch(this.operator, wish.text);
    if (this.list !== undefined && !sameWish(this.list.wish, wish)) this.scroll = 0;
    this.list?.leave();
    this.correcting = undefined;
    this.selection.clear();
    this.list = this.#listOf(wish, first);
  }

  #listOf(wish: Wish, first: SearchResults): HitList {
    return new HitList(wish, first, {
      page: (query) => pageOfMedia(this.#client, query),
      bars: async (text) => (await this.#client.fetchQuery(facetsOf(text))).histogram,
    });
  }
}

const facetsKey = 'kaleidoscope.facets';

const sameWish = (one: Wish, two: Wish | undefined) =>
  one.text === two?.text && one.sort === two.sort && one.like === two.like;

const same = (one: Example, two: Example) => one.kind === two.kind && one.id === two.id;

const without = (all: readonly Example[], those: readonly Example[]) =>
  all.filter((one) => !those.some((other) => same(one, other)));

const joined = (all: readonly Example[], those: readonly Example[]) =>
  [...without(all, those), ...those].slice(-MOST_EXAMPLES);

const searches = new WeakMap<QueryClient, Search>();

/** One search for as long as an operator is signed in: leaving the screen loses nothing. */
export function searchFor(client: QueryClient, operator: number): Search {
  const kept = searches.get(client);
  if (kept?.operator === operator) return kept;
  const search = new Search(client, operator);
  searches.set(client, search);
  return search;
}
