// Things that wait for an operator's decision, one after the other. The next one is there before the last decision is
// written; a decision that could not be written brings its thing back.

import { SvelteMap, SvelteSet } from 'svelte/reactivity';

import { Refusal, sentence } from '../host';

export interface Page<Item, Cursor> {
  /** Left out where `count` tells it. */
  total?: number;
  items: Item[];
  next: Cursor | null;
}

/** Where the things come from; the queue itself knows no feature. */
export interface Source<Item, Cursor> {
  idOf: (item: Item) => number;
  page: (after: Cursor | null, limit: number) => Promise<Page<Item, Cursor>>;
  /** How many wait, where counting takes longer than the first page may. */
  count?: () => Promise<number>;
  /** The thing as it is now; null when nothing is left to decide about it. */
  reread: (item: Item) => Promise<Item | null>;
  /** A decision was not written: `item` is what came back, null when it is settled without us. */
  refused: (refusal: { id: number; text: string; item: Item | null }) => void;
}

/** So many at a time, and the next so many before they are needed. */
const PAGE = 40;
const AHEAD = 20;

export class ReviewQueue<Item, Cursor> {
  /** Undecided, in the order in which they are shown; those before `position` were skipped. */
  items = $state.raw<Item[]>([]);
  position = $state(0);
  /** Why a decision about this id was not written; stays until it is decided again. */
  readonly troubles = new SvelteMap<number, string>();
  /** Why the next page did not come. */
  problem = $state.raw<unknown>();
  /** Why it is not known how many there are. */
  uncounted = $state.raw<unknown>();
  loading = $state(false);
  /** The first page was answered. */
  started = $state(false);

  #source: Source<Item, Cursor>;
  /**
   * When what was decided about each was written, in `#now`: a page that was asked for before says nothing about it. One
   * that was asked for later does: a decision may be taken back, or the thing be found anew.
   */
  readonly #decided = new SvelteMap<number, number>();
  /** Counts what happens. */
  #now = 0;
  /** When the pages that are on their way were asked for. */
  readonly #asking = new SvelteSet<number>();
  #total = $state<number>();
  /** Decided since `#total` was counted. */
  #since = $state(0);
  /** Decisions on their way to the database. */
  readonly #writing = new SvelteSet<number>();
  readonly #underWay = new SvelteSet<Promise<unknown>>();
  #next: Cursor | null = null;
  /** Answers to questions asked before the queue was started anew are dropped. */
  #round = 0;

  constructor(source: Source<Item, Cursor>) {
    this.#source = source;
  }

  get current(): Item | undefined {
    return this.items[this.position];
  }

  /** The current one and those that follow it. */
  get ahead(): Item[] {
    return this.items.slice(this.position);
  }

  /** Undefined until it is counted. */
  get left(): number | undefined {
    if (this.#total === undefined) return undefined;
    return Math.max(this.items.length, this.#total - this.#since);
  }

  get skipped(): number {
    return Math.min(this.position, this.items.length);
  }

  get writing(): number {
    return this.#writing.size;
  }

  isWriting(id: number): boolean {
    return this.#writing.has(id);
  }

  /** True when everything was seen, and there is nothing more to fetch. */
  get ended(): boolean {
    return (
      this.started && !this.loading && this.problem === undefined && this.current === undefined
    );
  }

  /** Starts anew from the first page; what is shown stays where it is, if it still waits. */
  async start(): Promise<void> {
    const round = (this.#round += 1);
    void this.#count(round);
    const page = await this.#fetch(null);
    if (page === undefined || round !== this.#round) return;
    const { idOf } = this.#source;
    const listed = (item: Item) => page.items.find((other) => idOf(other) === idOf(item));
    const { current } = this;
    // What was skipped stays behind the current one, and what is new comes after it. Where the page is all there is,
    // nothing else waits.
    const skipped = this.items
      .slice(0, this.position)
      .filter((item) => page.next !== null || listed(item) !== undefined);
    const seen = current === undefined ? skipped : [...skipped, current];
    const known = seen.map(idOf);
    this.position = skipped.length;
    this.items = [
      ...seen.map((item) => listed(item) ?? item),
      ...page.items.filter((item) => !known.includes(idOf(item))),
    ];
    if (current !== undefined && listed(current) === undefined) void this.#lookAgain(current);
    this.started = true;
    await this.#refill();
  }

  /** Goes on fetching after a page did not come. */
  async retry(): Promise<void> {
    await (this.started ? this.#refill() : this.start());
  }

  skip(): void {
    if (this.current === undefined) return;
    this.position += 1;
    void this.#refill();
  }

  back(): void {
    if (this.position > 0) this.position -= 1;
  }

  /** Shows this one next; one that is not in the queue yet is put where the current one stands. */
  show(item: Item): void {
    const id = this.#source.idOf(item);
    if (this.#decided.has(id)) return;
    const place = this.items.findIndex((other) => this.#source.idOf(other) === id);
    if (place >= 0) this.position = place;
    else this.items = this.items.toSpliced(this.position, 0, item);
    void this.#refill();
  }

  /** A decision about it was taken back: it is shown now, or if something is wrong with that, not at all. */
  restore(item: Item): void {
    this.#decided.delete(this.#source.idOf(item));
    this.#since -= 1;
    this.show(item);
  }

  /** What waits is another one by now, or null: nothing is left to decide about it. */
  replace(id: number, item: Item | null): void {
    const place = this.items.findIndex((other) => this.#source.idOf(other) === id);
    if (place < 0) return;
    if (item !== null) {
      this.items = this.items.with(place, item);
      return;
    }
    this.#since += 1;
    this.#drop(id);
  }

  /** When all decisions that are under way are written, or back. */
  async written(): Promise<void> {
    await Promise.allSettled([...this.#underWay]);
  }

  /** Takes the item off the queue at once and writes the decision behind; settles when it is written or back. */
  async decide(item: Item, write: (item: Item) => Promise<unknown>): Promise<boolean> {
    const id = this.#source.idOf(item);
    if (this.#writing.has(id)) return false;
    this.#writing.add(id);
    this.#decided.set(id, Infinity);
    this.troubles.delete(id);
    const place = this.items.findIndex((other) => this.#source.idOf(other) === id);
    if (place >= 0) {
      this.#since += 1;
      this.items = this.items.toSpliced(place, 1);
      if (place < this.position) this.position -= 1;
    }
    void this.#refill();

    const writing = write(item);
    this.#underWay.add(writing);
    try {
      await writing;
      this.#decided.set(id, (this.#now += 1));
      return true;
    } catch (thrown) {
      await this.#takeBack(item, thrown, place >= 0);
      return false;
    } finally {
      this.#underWay.delete(writing);
      this.#writing.delete(id);
    }
  }

  async #count(round: number): Promise<void> {
    if (this.#source.count === undefined) return;
    const unwritten = this.#writing.size;
    const before = this.#since;
    try {
      const total = await this.#source.count();
      if (round !== this.#round) return;
      this.#total = total;
      // Decided while it was counted: it may have been counted or not, and is not counted twice.
      this.#since = this.#since - before + unwritten;
      this.uncounted = undefined;
    } catch (thrown) {
      if (round === this.#round) this.uncounted = thrown;
    }
  }

  async #takeBack(item: Item, thrown: unknown, wasCounted: boolean): Promise<void> {
    const id = this.#source.idOf(item);
    const text = sentence(thrown);
    const back = await this.#afterRefusal(item, thrown);
    if (back !== null) {
      this.#decided.delete(id);
      if (wasCounted) this.#since -= 1;
      this.troubles.set(id, text);
      // Next, not now: a key pressed for what is on the screen must never hit something else.
      const place = this.current === undefined ? this.position : this.position + 1;
      this.items = this.items.toSpliced(place, 0, back);
    } else {
      this.#decided.set(id, (this.#now += 1));
    }
    this.#source.refused({ id, text, item: back });
  }

  async #afterRefusal(item: Item, thrown: unknown): Promise<Item | null> {
    const code = thrown instanceof Refusal ? thrown.code : 'internal';
    if (code === 'notFound') return null;
    if (code !== 'conflict') return item;
    // Someone else was faster. If it still waits, it does so with a newer version, and only that can be decided.
    try {
      return await this.#source.reread(item);
    } catch (failed) {
      return failed instanceof Refusal && failed.code === 'notFound' ? null : item;
    }
  }

  async #refill(): Promise<void> {
    while (!this.loading && this.#next !== null && this.items.length - this.position < AHEAD) {
      const round = this.#round;
      const page = await this.#fetch(this.#next);
      if (page === undefined || round !== this.#round) return;
      const known = this.items.map((item) => this.#source.idOf(item));
      const fresh = page.items.filter((item) => !known.includes(this.#source.idOf(item)));
      this.items = [...this.items, ...fresh];
    }
  }

  async #fetch(after: Cursor | null): Promise<Page<Item, Cursor> | undefined> {
    const round = this.#round;
    const unwritten = this.#writing.size;
    const asked = (this.#now += 1);
    // A question that is on its way may be the answer to this one.
    const since = Math.min(asked, ...this.#asking);
    this.#asking.add(asked);
    this.loading = true;
    this.problem = undefined;
    try {
      const page = await this.#source.page(after, PAGE);
      if (round !== this.#round) return undefined;
      if (page.total !== undefined) {
        this.#total = page.total;
        this.#since = unwritten;
      }
      this.#next = page.next;
      return { ...page, items: this.#undecided(page.items, since) };
    } catch (thrown) {
      if (round === this.#round) this.problem = thrown;
      return undefined;
    } finally {
      this.#asking.delete(asked);
      if (round === this.#round) this.loading = false;
    }
  }

  /** Without what was decided since the page was asked for. */
  #undecided(items: Item[], asked: number): Item[] {
    return items.filter((item) => {
      const id = this.#source.idOf(item);
      const isOld = (this.#decided.get(id) ?? 0) > asked;
      if (!isOld) this.#decided.delete(id);
      return !isOld;
    });
  }

  #drop(id: number): void {
    this.#decided.set(id, (this.#now += 1));
    const place = this.items.findIndex((other) => this.#source.idOf(other) === id);
    if (place < 0) return;
    this.items = this.items.toSpliced(place, 1);
    if (place < this.position) this.position -= 1;
    void this.#refill();
  }

  /** The one that is looked at was not listed: it may be on a later page, or settled without us. */
  async #lookAgain(item: Item): Promise<void> {
    const id = this.#source.idOf(item);
    let now: Item | null = null;
    let text = 'What you looked at was decided meanwhile.';
    try {
      now = await this.#source.reread(item);
    } catch (thrown) {
      text = sentence(thrown);
      if (!(thrown instanceof Refusal && thrown.code === 'notFound')) {
        // It stays; whether it still waits is said when it is decided.
        if (!this.#decided.has(id)) this.#source.refused({ id, text, item });
        return;
      }
    }
    if (this.#decided.has(id)) return;
    if (now !== null) return this.replace(id, now);
    this.#drop(id);
    this.#source.refused({ id, text, item: null });
  }
}
