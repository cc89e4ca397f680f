// How fingers and the mouse move about a photo: one drags it, or draws on it; two zoom it where they are.

import { SvelteMap } from 'svelte/reactivity';

import type { Point } from './geometry';

/** What is moved about in. */
interface Surface {
  element: () => HTMLElement;
  /** Where a box is drawn from, in the picture's pixels, where a drag that begins here draws one. */
  drawnFrom: (event: PointerEvent) => Point | null;
  draw: (from: Point, event: PointerEvent) => void;
  /** There is something beyond the edges. */
  pannable: () => boolean;
  zoomable: () => boolean;
  panBy: (x: number, y: number) => void;
  zoomBy: (factor: number, anchor: Point) => void;
}

/** A press that moves further is a drag; in pixels. */
const TOLERANCE = 4;

/** A press ends a drag, or selects a box, never both. */
export class Gestures {
  dragging = $state(false);

  #surface: Surface;
  /** Where the fingers are that are down, or the mouse; at most two. */
  readonly #down = new SvelteMap<number, Point>();
  #far = false;
  #from: Point | null = null;

  constructor(surface: Surface) {
    this.#surface = surface;
  }

  /** A place in the window, on what is moved about in. */
  pointOf(event: { clientX: number; clientY: number }): Point {
    const { left, top } = this.#surface.element().getBoundingClientRect();
    return { x: event.clientX - left, y: event.clientY - top };
  }

  press(event: PointerEvent): void {
    if ((event.button !== 0 && event.button !== 1) || this.#down.size === 2) return;
    this.#down.set(event.pointerId, this.pointOf(event));
    if (this.#down.size === 1) {
      // A finger that was lifted after a drag is followed by no click.
      this.dragging = this.#far = false;
      this.#from = this.#surface.drawnFrom(event);
    } else {
      this.#from = null;
      this.#begin();
    }
  }

  move(event: PointerEvent): void {
    const before = this.#down.get(event.pointerId);
    if (before === undefined) return;
    const now = this.pointOf(event);
    if (this.#down.size === 2) this.#pinch(event.pointerId, now);
    else if (this.#isDrag(before, now)) {
      if (this.#from !== null) this.#surface.draw(this.#from, event);
      else this.#surface.panBy(now.x - before.x, now.y - before.y);
    } else return;
    this.#down.set(event.pointerId, now);
  }

  release(event: PointerEvent): void {
    this.#down.delete(event.pointerId);
  }

  /** Before anything on the surface sees the click. */
  click(event: MouseEvent): void {
    if (this.dragging) event.stopPropagation();
    this.dragging = false;
  }

  #isDrag(before: Point, now: Point): boolean {
    if (this.#far) return true;
    const isFar = Math.hypot(now.x - before.x, now.y - before.y) >= TOLERANCE;
    if (isFar && (this.#from !== null || this.#surface.pannable())) this.#begin();
    return this.#far;
  }

  #begin(): void {
    this.#far = this.dragging = true;
    for (const pointer of this.#down.keys()) this.#surface.element().setPointerCapture(pointer);
  }

  #pinch(pointer: number, now: Point): void {
    const before = [...this.#down.values()] as [Point, Point];
    const after = [...this.#down].map(([id, point]) => (id === pointer ? now : point)) as [
      Point,
      Point,
    ];
    if (!this.#surface.zoomable()) return;
    const from = middle(before);
    const apart = distance(before);
    if (apart > 0) this.#surface.zoomBy(distance(after) / apart, from);
    const to = middle(after);
    this.#surface.panBy(to.x - from.x, to.y - from.y);
  }
}

const middle = ([one, two]: [Point, Point]): Point => ({
  x: (one.x + two.x) / 2,
  y: (one.y + two.y) / 2,
});

const distance = ([one, two]: [Point, Point]): number => Math.hypot(two.x - one.x, two.y - one.y);
