// What is seen of a list: the size of the element that it scrolls in, and the place in the list that is looked at.

import { tick } from 'svelte';

import { Geometry, PADDING } from './geometry';
import { LaidPages, type DrawnRow } from './laid';
import { rowHeight } from './layout';
import type { HitList } from './list.svelte';
import { placeOf, scrolled, type Place } from './scroll';

/** Drawn above and below what is in sight, in pixels */
const AROUND = 320;
/** The size of an element that was not laid out yet: a screenful is drawn. */
const USUAL = 800;
/** Without a step of scrolling for so long, it stands still; in milliseconds. */
const STILL = 150;
/** Faster than this nobody sees what passes: two screens a second; in pixels a millisecond. */
const HURRY = 1.5;

export class Viewport {
  element = $state.raw<HTMLElement>();
  /** Of the element, without its scroll bar */
  wide = $state(0);
  high = $state(0);
  /** It is being scrolled. */
  moving = $state(false);
  /** It is being scrolled so fast that what passes is not seen. */
  hurried = $state(false);
  #place = $state.raw<Place>({ top: 0, shift: 0 });

  #list: () => HitList;
  #laid = new LaidPages();
  #onScroll: (at: number) => unknown;
  #latest: Geometry | undefined;
  #rows: readonly DrawnRow[] = [];
  #standing: ReturnType<typeof setTimeout> | undefined;
  /** When it was scrolled last, in milliseconds of the window */
  #scrolledAt = 0;

  readonly height = $derived(this.high || USUAL);
  readonly #width = $derived((this.wide || USUAL) - 2 * PADDING);
  /** The height that rows have about */
  readonly target = $derived(rowHeight({ width: this.#width, height: this.height }));
  /** The place in the list that is at the upper edge */
  readonly at = $derived(this.#place.top + this.#place.shift);

  readonly geometry: Geometry = $derived.by(() => {
    const list = this.#list();
    void list.version;
    const measure = { width: this.#width, target: this.target };
    return (this.#latest = new Geometry([...list.pages], this.#laid, measure, this.#latest));
  });
  readonly #heights = $derived({ list: this.geometry.height, view: this.height });

  readonly #top = $derived(this.at - AROUND);
  readonly #bottom = $derived(this.at + this.height + AROUND);
  readonly firstPage = $derived(this.geometry.pageAt(this.#top));
  readonly lastPage = $derived(this.geometry.pageAt(this.#bottom));
  /** The same list until a row comes or goes, which is not in each frame. */
  readonly rows: readonly DrawnRow[] = $derived.by(() => {
    const rows = this.geometry.rowsBetween(this.#top, this.#bottom);
    const isSame =
      rows.length === this.#rows.length && rows.every((row, index) => row === this.#rows[index]);
    return isSame ? this.#rows : (this.#rows = rows);
  });
  readonly outlines = $derived(this.geometry.outlines(this.firstPage, this.lastPage));

  constructor(list: () => HitList, onScroll: (at: number) => unknown) {
    this.#list = list;
    this.#onScroll = onScroll;
  }

  /** What the place in the list is ahead of the place in the element. */
  get shift(): number {
    return this.#place.shift;
  }

  /** The list ended before what is looked at. */
  get isBeyondEnd(): boolean {
    return this.at > Math.max(0, this.geometry.height - this.height) + 1;
  }

  moveTo(at: number): void {
    this.#place = placeOf(at, this.#heights);
    if (this.element !== undefined) this.element.scrollTop = this.#place.top;
    this.#onScroll(this.at);
  }

  /** The element was scrolled; `now` in milliseconds of the window. */
  follow(now: number): void {
    const top = this.element?.scrollTop;
    if (top === undefined) return;
    const distance = Math.abs(top - this.#place.top);
    if (distance < 1) return;
    this.moving = true;
    this.hurried = distance > HURRY * (now - this.#scrolledAt);
    this.#scrolledAt = now;
    clearTimeout(this.#standing);
    this.#standing = setTimeout(() => (this.moving = this.hurried = false), STILL);
    this.#place = scrolled(this.#place, top, this.#heights);
    this.#onScroll(this.at);
  }

  /** Brings a photo into sight with the least movement. */
  show(index: number): void {
    const row = this.geometry.rowOf(index);
    if (row === undefined) return;
    const top = row.top - PADDING;
    const bottom = row.top + row.height + PADDING;
    if (top < this.at) this.moveTo(top);
    else if (bottom > this.at + this.height) this.moveTo(bottom - this.height);
  }

  showPage(page: number): void {
    this.moveTo(page === 0 ? 0 : this.geometry.topOf(page));
  }

  /** Keeps in place what is looked at, when a page above it turned out higher or lower than was guessed. */
  async stay(before: Geometry, now: Geometry): Promise<void> {
    const moved = this.at > PADDING ? before.movedIn(now, this.at) : 0;
    if (moved === 0) return;
    await tick();
    this.moveTo(this.at + moved);
  }

  /** Where in the list the pointer is. */
  spot({ clientX, clientY }: MouseEvent): { x: number; y: number } {
    const { left, top } = this.element?.getBoundingClientRect() ?? { left: 0, top: 0 };
    return { x: clientX - left - PADDING, y: clientY - top + this.at };
  }
}
