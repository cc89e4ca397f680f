// From where one looks at a photo: the whole of it, one face close up, or a place that the operator went to.

import {
  centred,
  drawnSize,
  fit,
  limits,
  onto,
  settled,
  snapped,
  toPicture,
  within,
  zoomAround,
  type Point,
  type Rect,
  type Size,
  type View,
} from './geometry';

/** Kept free around a photo that fits, so that boxes at its edge can be told from the edge. */
const MARGIN = 12;

/** Where a photo was seen last: the next one is likely to be seen there, too. */
let last = { stage: { width: 0, height: 0 }, pixelRatio: 1 };

/** In how many pixels of the screen the whole picture would be drawn next; null until some photo was seen. */
export function nextSize(picture: Size): Size | null {
  const { stage, pixelRatio } = last;
  if (stage.width === 0 || stage.height === 0) return null;
  return drawnSize(picture, fit(picture, stage, MARGIN).scale, pixelRatio);
}

export class Viewpoint {
  stage = $state.raw<Size>({ width: 0, height: 0 });
  /** True upright size; null until it is known. */
  picture = $state.raw<Size | null>(null);
  /** The face that a close-up is of. */
  focus = $state.raw<Rect | null>(null);
  pixelRatio = $state(1);

  #mode = $state<'fit' | 'closeUp' | 'free'>('fit');
  /** In `free`: the picture point in the middle of the stage, so that it stays there when the window changes. */
  #middle = $state.raw<Point>({ x: 0, y: 0 });
  #scale = $state(1);

  readonly ready = $derived(this.picture !== null && this.stage.width > 0 && this.stage.height > 0);

  readonly #fitted = $derived(
    this.picture === null ? { scale: 1, x: 0, y: 0 } : fit(this.picture, this.stage, MARGIN),
  );

  readonly #limits = $derived(limits(this.#fitted.scale, this.pixelRatio));

  /** Where moving about goes on from, so that no small step is lost. */
  readonly #exact: View = $derived.by(() => {
    if (this.picture === null || this.#mode === 'fit') return this.#fitted;
    if (this.#mode === 'closeUp') {
      if (this.focus === null) return this.#fitted;
      return settled(onto(this.focus, this.stage, this.#limits), this.picture, this.stage);
    }
    const scale = within(this.#scale, this.#limits);
    const x = this.stage.width / 2 - this.#middle.x * scale;
    const y = this.stage.height / 2 - this.#middle.y * scale;
    return settled({ scale, x, y }, this.picture, this.stage);
  });

  readonly view: View = $derived(snapped(this.#exact, this.pixelRatio));

  /** Picture pixels to pixels of the screen's panel: 1 is 100 %. */
  readonly zoom = $derived(this.view.scale * this.pixelRatio);

  /** In pixels of the screen */
  readonly drawn: Size | null = $derived(
    this.picture === null ? null : drawnSize(this.picture, this.view.scale, this.pixelRatio),
  );

  readonly fits = $derived(this.#mode === 'fit');

  /** Some of the picture is beyond the stage's edges. */
  readonly pannable = $derived(
    this.picture !== null &&
      (this.picture.width * this.view.scale > this.stage.width + 1 ||
        this.picture.height * this.view.scale > this.stage.height + 1),
  );

  /** A photo was seen from here. */
  remember(): void {
    last = { stage: this.stage, pixelRatio: this.pixelRatio };
  }

  fit(): void {
    this.#mode = 'fit';
  }

  /** Whatever place the operator went to, it was on another photo. */
  leave(): void {
    if (this.#mode === 'free') this.#mode = 'fit';
  }

  closeUp(): void {
    this.#mode = this.#mode === 'closeUp' ? 'fit' : 'closeUp';
  }

  actualSize(): void {
    this.zoomTo(1 / this.pixelRatio);
  }

  zoomBy(factor: number, anchor?: Point): void {
    this.zoomTo(this.view.scale * factor, anchor);
  }

  zoomTo(
    scale: number,
    anchor: Point = { x: this.stage.width / 2, y: this.stage.height / 2 },
  ): void {
    this.#go(zoomAround(this.#exact, anchor, within(scale, this.#limits)));
  }

  panBy(x: number, y: number): void {
    const { scale, x: left, y: top } = this.#exact;
    if (this.pannable) this.#go({ scale, x: left + x, y: top + y });
  }

  #go(wanted: View): void {
    if (this.picture === null) return;
    const view = settled(wanted, this.picture, this.stage);
    this.#middle = toPicture({ x: this.stage.width / 2, y: this.stage.height / 2 }, view);
    this.#scale = view.scale;
    this.#mode = 'free';
  }
}

/** A neutral place for a picture whose true size is not known yet: as it is said to be, or 4 to 3. */
export function reserved(stored: Size | null, stage: Size): View & Size {
  const sane = stored !== null && stored.width > 0 && stored.height > 0;
  const ratio = sane ? Math.min(4, Math.max(0.25, stored.width / stored.height)) : 4 / 3;
  const picture = { width: 1000 * ratio, height: 1000 };
  const view = stage.width > 0 ? fit(picture, stage, MARGIN) : centred(picture, stage, 0);
  return { ...view, width: picture.width * view.scale, height: picture.height * view.scale };
}
