// Where every photo of a list is. Pages follow one another; one that is not there has the height that it had, or would
// have if all its photos were of usual shape. Heights count from the top of the list, left edges from that of the rows.

import type { Hit } from '../bindings';
import type { DrawnRow, LaidPages, LaidRow, Measure } from './laid';
import { guessedHeight } from './layout';
import type { Page } from './list.svelte';

/** Around the rows, in pixels */
export const PADDING = 16;

export interface Rect {
  left: number;
  top: number;
  right: number;
  bottom: number;
}

/** A page that is not there yet. */
export interface Outline {
  page: number;
  top: number;
  height: number;
}

interface Spot {
  page: number;
  row: number;
}

export class Geometry {
  readonly pages: readonly Page[];
  readonly height: number;
  #measure: Measure;
  #laid: LaidPages;
  /** Where each page begins, below the padding; the last is where the list ends. */
  #tops: Float64Array;
  /** The number of hits before each page */
  #firsts: Float64Array;
  /** What each page had when its height was taken. */
  #hits: (readonly Hit[] | undefined)[];

  /** `before`: what it was a moment ago. Of a million photos only the pages that changed since are measured. */
  constructor(pages: readonly Page[], laid: LaidPages, measure: Measure, before?: Geometry) {
    this.pages = pages;
    this.#laid = laid;
    this.#measure = measure;
    this.#tops = new Float64Array(pages.length + 1);
    this.#firsts = new Float64Array(pages.length + 1);
    this.#hits = new Array<readonly Hit[] | undefined>(pages.length);
    const known = before?.measuredAs(measure);
    let [top, first] = [0, 0];
    for (let index = 0; index < pages.length; index += 1) {
      const page = pages[index] as Page;
      top += known?.heightOf(page, index) ?? this.#heightOf(page);
      first += page.count;
      this.#tops[index + 1] = top;
      this.#firsts[index + 1] = first;
      this.#hits[index] = page.hits;
    }
    this.height = top + 2 * PADDING;
  }

  /** Itself, if it was laid out for this. */
  measuredAs({ width, target }: Measure): this | undefined {
    const isSame = this.#measure.width === width && this.#measure.target === target;
    return isSame ? this : undefined;
  }

  /** Undefined where another page stood there, or the page had other hits. */
  heightOf(page: Page, index: number): number | undefined {
    const isSame = this.pages[index] === page && this.#hits[index] === page.hits;
    const count = (this.#firsts[index + 1] ?? 0) - (this.#firsts[index] ?? 0);
    if (!isSame || count !== page.count) return undefined;
    return (this.#tops[index + 1] ?? 0) - (this.#tops[index] ?? 0);
  }

  /** The page at this height, the nearest where there is none. */
  pageAt(height: number): number {
    return lastUpTo(height - PADDING, this.#tops, this.pages.length);
  }

  /** Where a page begins. */
  topOf(page: number): number {
    return PADDING + (this.#tops[page] ?? 0);
  }

  /** The hit at a place among all, if it is there. */
  hitAt(index: number): Hit | undefined {
    const page = this.#pageOf(index);
    return this.pages[page]?.hits?.[index - this.#firstOf(page)];
  }

  /** The place of a photo among all; -1 if it is on no page that was there. */
  indexOf(mediaId: number): number {
    for (const [page, { ids }] of this.pages.entries()) {
      const index = ids.indexOf(mediaId);
      if (index >= 0) return this.#firstOf(page) + index;
    }
    return -1;
  }

  /** Of all photos from one place to another. */
  idsBetween(from: number, to: number): number[] {
    const start = this.#pageOf(from);
    return this.pages.slice(start, this.#pageOf(to) + 1).flatMap(({ ids }, number) => {
      const first = this.#firstOf(start + number);
      return ids.slice(Math.max(0, from - first), Math.max(0, to + 1 - first));
    });
  }

  /** Of the photos that a frame touches. */
  idsWithin({ left, top, right, bottom }: Rect): number[] {
    const ids: number[] = [];
    this.#eachRow(top, bottom, ({ from, places }, page) => {
      places.forEach((place, column) => {
        const id = this.pages[page]?.ids[from + column];
        const inside = place.left <= right && place.left + place.width >= left;
        if (inside && id !== undefined) ids.push(id);
      });
    });
    return ids;
  }

  /** The rows between two heights that are there. */
  rowsBetween(start: number, end: number): DrawnRow[] {
    const drawn: DrawnRow[] = [];
    this.#eachRow(start, end, (row, page, number) => {
      const hits = this.pages[page]?.hits;
      if (hits === undefined) return;
      const place = {
        key: `${page}-${number}`,
        top: this.topOf(page) + row.top,
        first: this.#firstOf(page) + row.from,
      };
      drawn.push(this.#laid.drawn(row, place, hits));
    });
    return drawn;
  }

  /** Those of these pages that are not there. */
  outlines(from: number, to: number): Outline[] {
    return this.pages.slice(from, to + 1).flatMap(({ hits }, number) => {
      if (hits !== undefined) return [];
      const page = from + number;
      const top = this.topOf(page);
      return [{ page, top, height: this.topOf(page + 1) - top }];
    });
  }

  /** The row that the photo at this place is in, if it is there. */
  rowOf(index: number): { top: number; height: number } | undefined {
    const page = this.#pageOf(index);
    const inPage = index - this.#firstOf(page);
    const row = this.#rowsOf(page)?.find(({ from, places }) => inPage < from + places.length);
    return row && { top: this.topOf(page) + row.top, height: row.height };
  }

  /** The place that is a step away; a step down leads to the photo below. */
  stepped(from: number, across: number, down: number): number {
    if (down === 0) return from + across;
    const page = this.#pageOf(from);
    const inPage = from - this.#firstOf(page);
    const rows = this.#rowsOf(page) ?? [];
    const row = rows.findLastIndex((row) => row.from <= inPage);
    const place = rows[row]?.places[inPage - (rows[row]?.from ?? 0)];
    const middle = (place?.left ?? 0) + (place?.width ?? 0) / 2;
    return this.#placeUnder(middle, this.#rowBeyond({ page, row }, down)) ?? from;
  }

  /** How far down in `other` the page is that is at this height here; 0 if it is gone. */
  movedIn(other: Geometry, height: number): number {
    const index = this.pageAt(height);
    const page = this.pages[index];
    const there = page === undefined ? -1 : other.pages.indexOf(page);
    return there < 0 ? 0 : other.topOf(there) - this.topOf(index);
  }

  #heightOf(page: Page): number {
    if (page.hits === undefined) this.#laid.letGo(page);
    const { width, target } = this.#measure;
    return this.#laid.of(page, this.#measure)?.height ?? guessedHeight(page.count, width, target);
  }

  #rowsOf(index: number): readonly LaidRow[] | undefined {
    const page = this.pages[index];
    return page && this.#laid.of(page, this.#measure)?.rows;
  }

  #firstOf(page: number): number {
    return this.#firsts[page] ?? 0;
  }

  #pageOf(index: number): number {
    return lastUpTo(index, this.#firsts, this.pages.length);
  }

  #eachRow(
    top: number,
    bottom: number,
    visit: (row: LaidRow, page: number, number: number) => void,
  ): void {
    const last = this.pageAt(bottom);
    for (let page = this.pageAt(top); page <= last; page += 1) {
      const start = this.topOf(page);
      this.#rowsOf(page)?.forEach((row, number) => {
        const from = start + row.top;
        if (from <= bottom && from + row.height >= top) visit(row, page, number);
      });
    }
  }

  /** So many rows down from there, or the last on the way that is there. */
  #rowBeyond(from: Spot, down: number): Spot {
    let spot = from;
    for (let left = Math.abs(down); left > 0; left -= 1) {
      const next = this.#rowBeside(spot, Math.sign(down));
      if (next === undefined) break;
      spot = next;
    }
    return spot;
  }

  #rowBeside({ page, row }: Spot, step: number): Spot | undefined {
    if (this.#rowsOf(page)?.[row + step] !== undefined) return { page, row: row + step };
    const rows = this.#rowsOf(page + step);
    return rows && { page: page + step, row: step > 0 ? 0 : rows.length - 1 };
  }

  /** The place of the photo in this row that is at this left edge or the first after it. */
  #placeUnder(left: number, { page, row }: Spot): number | undefined {
    const found = this.#rowsOf(page)?.[row];
    if (found === undefined) return undefined;
    const column = found.places.findIndex((place) => place.left + place.width >= left);
    return this.#firstOf(page) + found.from + (column < 0 ? found.places.length - 1 : column);
  }
}

/** Which of the first `count` ascending starts is the last up to a value; the first if all are beyond it. */
function lastUpTo(value: number, starts: Float64Array, count: number): number {
  let [first, last] = [0, count - 1];
  while (first < last) {
    const middle = (first + last + 1) >> 1;
    if ((starts[middle] ?? 0) <= value) first = middle;
    else last = middle - 1;
  }
  return first;
}
