// The rows of pages. Laying out is what costs: it is done again only for other hits or another measure.

import type { Hit } from '../bindings';
import { GAP, aspect, justify, type Row } from './layout';
import type { Page } from './list.svelte';

/** What rows are laid out for */
export interface Measure {
  /** Of every row */
  width: number;
  /** The height that rows should have about */
  target: number;
}

export interface LaidRow extends Row {
  /** Below the top of its page */
  top: number;
}

interface Laid extends Measure {
  hits: readonly Hit[];
  rows: readonly LaidRow[];
  height: number;
}

/** A row at its place among all. */
export interface DrawnRow extends Pick<Row, 'height' | 'places'> {
  key: string;
  top: number;
  /** The place of its first photo among all */
  first: number;
  hits: readonly Hit[];
}

export class LaidPages {
  #known = new WeakMap<Page, Laid>();
  #drawn = new WeakMap<LaidRow, DrawnRow>();

  /** The same object as long as nothing about the row is another: what draws it has nothing to do then. */
  drawn(
    row: LaidRow,
    { key, top, first }: Pick<DrawnRow, 'key' | 'top' | 'first'>,
    hits: readonly Hit[],
  ): DrawnRow {
    const known = this.#drawn.get(row);
    if (known?.key === key && known.top === top && known.first === first) return known;
    const { from, height, places } = row;
    const own = hits.slice(from, from + places.length);
    const drawn = { key, top, first, height, places, hits: own };
    this.#drawn.set(row, drawn);
    return drawn;
  }

  /** Undefined for a page that is not there, unless it was let go of: then its height is still known. */
  of(page: Page, { width, target }: Measure): Laid | undefined {
    const known = this.#known.get(page);
    if (
      known?.width === width &&
      known.target === target &&
      (known.hits === page.hits || page.hits === undefined)
    )
      return known;
    if (page.hits === undefined) return undefined;
    const laid = { width, target, hits: page.hits, ...stacked(page.hits, width, target) };
    this.#known.set(page, laid);
    return laid;
  }

  /** Keeps no more than the height of a page that was let go of. */
  letGo(page: Page): void {
    const known = this.#known.get(page);
    if (known !== undefined && known.rows.length > 0)
      this.#known.set(page, { ...known, hits: [], rows: [] });
  }
}

function stacked(
  hits: readonly Hit[],
  width: number,
  target: number,
): Pick<Laid, 'rows' | 'height'> {
  let height = 0;
  const rows = justify(hits.map(aspect), width, target).map((row) => {
    const top = height;
    height += row.height + GAP;
    return { ...row, top };
  });
  return { rows, height };
}
