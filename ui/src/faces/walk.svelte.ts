// Where one is in the list beside a wall. Who is decided to the end leaves the list, and the next one stands there then.

import type { Walkable } from './walk-actions';

interface List<Entry> {
  readonly entries: readonly Entry[];
  idOf: (entry: Entry) => number;
  readonly chosen: number | undefined;
  choose: (entry: Entry) => unknown;
  /** Brings a place of the list into sight. */
  show: (place: number) => unknown;
}

export class Walk<Entry> implements Walkable {
  #list: List<Entry>;
  readonly #place = $derived.by(() =>
    this.#list.entries.findIndex((entry) => this.#list.idOf(entry) === this.#list.chosen),
  );
  /** Where the chosen one stood last. */
  #last = 0;

  constructor(list: List<Entry>) {
    this.#list = list;
    $effect(() => {
      if (this.#place >= 0) this.#last = this.#place;
    });
  }

  get any(): boolean {
    return this.#list.entries.length > 0;
  }

  walk(step: 1 | -1): void {
    const isGone = this.#place < 0;
    const place = isGone ? this.#last + Math.min(0, step) : this.#place + step;
    const entry = place < 0 ? undefined : this.#list.entries[place];
    if (entry === undefined) return;
    this.#list.choose(entry);
    void this.#list.show(place);
  }
}
