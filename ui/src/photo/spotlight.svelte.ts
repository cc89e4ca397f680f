// The part of a picture that a reveal is about, where it is not about all of it.

import type { Region } from '../bindings';
import {
  middle,
  resized,
  shifted,
  spanned,
  type Handle,
  type Point,
  type Rect,
  type Size,
} from './geometry';

/** Of what can be seen. */
const FIRST = 2 / 5;
/** Of the picture's shorter side, for each press of a key. */
const NUDGE = 1 / 25;

export class Spotlight {
  /** True upright size; null until it is known, or when there is no picture. */
  picture = $state.raw<Size | null>(null);
  /** What of the picture can be seen, in its pixels. */
  visible = $state.raw<Rect | null>(null);
  /** In pixels of the picture. */
  rect = $state.raw<Rect | null>(null);
  /** Wherever one is seen, another can be drawn. */
  readonly noDrawing = null;
  /** It moved: what was shown in it is no longer what it is about. */
  readonly #moved: () => void;

  constructor(moved: () => void) {
    this.#moved = moved;
  }

  get on(): boolean {
    return this.rect !== null;
  }

  get ready(): boolean {
    return this.picture !== null;
  }

  /** Null: all of the picture. */
  get region(): Region | null {
    const { picture, rect } = this;
    if (picture === null || rect === null) return null;
    return {
      left: rect.x / picture.width,
      top: rect.y / picture.height,
      width: rect.width / picture.width,
      height: rect.height / picture.height,
    };
  }

  /** Puts one in the middle of what can be seen, or takes it away. */
  toggle(): void {
    const { picture } = this;
    if (this.rect !== null) this.put(null);
    else if (picture !== null)
      this.put(middle(this.visible ?? { x: 0, y: 0, ...picture }, picture, FIRST));
  }

  put(rect: Rect | null): void {
    if (rect !== this.rect) this.#moved();
    this.rect = rect;
  }

  /** Draws another one between two points of the picture. */
  span(from: Point, to: Point): void {
    if (this.picture !== null) this.put(spanned(from, to, this.picture));
  }

  /** `start` is the spotlight as it was when the pointer took hold of it, by a handle or as a whole; `by` how far the pointer is now. */
  drag(start: Rect, handle: Handle | null, by: Point): void {
    const { picture } = this;
    if (picture === null) return;
    this.put(handle === null ? shifted(start, by, picture) : resized(start, handle, by, picture));
  }

  /** By presses of a key. */
  shift(by: Point): void {
    if (this.rect !== null) this.drag(this.rect, null, this.#pixels(by));
  }

  /** Its right and lower edge, by presses of a key. */
  grow(by: Point): void {
    if (this.rect !== null) this.drag(this.rect, 'se', this.#pixels(by));
  }

  #pixels({ x, y }: Point): Point {
    const { width, height } = this.picture ?? { width: 0, height: 0 };
    const pixels = Math.max(1, Math.round(Math.min(width, height) * NUDGE));
    return { x: x * pixels, y: y * pixels };
  }
}
