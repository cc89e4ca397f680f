// The photos that were picked out of the grid, by mouse or keyboard.

import { SvelteSet } from 'svelte/reactivity';

import { missing } from './missing';

export class Selection {
  readonly ids = new SvelteSet<number>();
  /** Where a range starts: its place in the grid */
  #anchor = 0;
  /** What was selected before the range that is being drawn */
  #before: readonly number[] = [];

  get size(): number {
    return this.ids.size;
  }

  has(mediaId: number): boolean {
    return this.ids.has(mediaId);
  }

  /** A place from which the next range is drawn. */
  anchor(place: number): void {
    this.#anchor = place;
    this.#before = [...this.ids];
  }

  toggle(mediaId: number, place: number): void {
    if (!this.ids.delete(mediaId)) this.ids.add(mediaId);
    this.anchor(place);
  }

  /** Everything between the anchor and `place`, beside what was selected before. */
  extend(place: number, ids: (from: number, to: number) => readonly number[]): void {
    const [from, to] = [Math.min(this.#anchor, place), Math.max(this.#anchor, place)];
    this.#be([...this.#before, ...ids(from, to)]);
  }

  /** What a frame drawn with the mouse holds. */
  frame(ids: readonly number[], beside: boolean): void {
    this.#be(beside ? [...this.#before, ...ids] : ids);
  }

  set(ids: readonly number[]): void {
    this.#be(ids);
    this.#before = [];
  }

  clear(): void {
    this.ids.clear();
    this.#before = [];
  }

  #be(ids: readonly number[]): void {
    for (const id of missing([...this.ids], ids)) this.ids.delete(id);
    for (const id of ids) this.ids.add(id);
  }
}
