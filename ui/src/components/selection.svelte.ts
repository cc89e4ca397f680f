// What was picked out of a list by mouse or keyboard: photos, faces.

import { SvelteSet } from 'svelte/reactivity';

import { missing } from './missing';

export class Selection {
  readonly ids = new SvelteSet<number>();
  /** Where a range starts: its place in the list */
  #anchor = 0;
  /** What was selected before the range that is being drawn */
  #before: readonly number[] = [];

  get size(): number {
    return this.ids.size;
  }

  has(id: number): boolean {
    return this.ids.has(id);
  }

  /** A place from which the next range is drawn. */
  anchor(place: number): void {
    this.#anchor = place;
    this.#before = [...this.ids];
  }

  toggle(id: number, place: number): void {
    if (!this.ids.delete(id)) this.ids.add(id);
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
