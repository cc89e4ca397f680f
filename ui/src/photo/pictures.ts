// Pictures that are loaded before they are shown. What was loaded is the element itself: where it is put into the page,
// its pixels are on the screen with the next frame.

import type { Size } from './geometry';

interface Kept {
  image: HTMLImageElement;
  /** When it began to load, in the milliseconds of `performance.now()` */
  since: number;
  /** The picture in the size in which it is going to be shown. */
  scaled?: HTMLCanvasElement;
}

/** Elements are kept, or the web view might let go of the pixels before they are shown; the one used last is last. */
const loaded = new Map<string, Kept>();
const MOST = 60;
const MOST_SCALED = 12;
/** In pixels, each of which takes four bytes as long as the scaled picture is kept. */
const LARGEST_SCALED = 4_000_000;
/** In milliseconds. Not for long: what is safe now may be flagged soon. */
const KEPT = 300_000;

/** Has the web view load and decode a picture that will be wanted soon; one that does not come says why when shown. */
export function preload(url: string): Promise<void> {
  if (inPage.has(url)) return Promise.resolve();
  const known = fresh(url);
  if (known !== undefined) {
    keep(url, known);
    return Promise.resolve();
  }
  const image = new Image();
  keep(url, { image, since: performance.now() });
  return new Promise((resolve) => {
    image.onload = () => image.decode().then(resolve, resolve);
    image.onerror = () => resolve();
    image.src = url;
  });
}

/** Scales a loaded picture to a size in pixels of the screen: the frame that shows it has nothing but to copy it then. */
export function scale(url: string, { width, height }: Size): void {
  const kept = loaded.get(url);
  if (kept === undefined || !isLoaded(kept.image) || width * height > LARGEST_SCALED) return;
  if (kept.scaled?.width === width && kept.scaled.height === height) return;
  const canvas = document.createElement('canvas');
  canvas.width = width;
  canvas.height = height;
  const context = canvas.getContext('2d');
  if (context === null) return;
  context.imageSmoothingQuality = 'high';
  context.drawImage(kept.image, 0, 0, width, height);
  kept.scaled = canvas;
  const held = [...loaded.values()].filter(({ scaled }) => scaled !== undefined);
  for (const oldest of held.slice(0, -MOST_SCALED)) delete oldest.scaled;
}

/** Whether the element has its pixels. */
export const isLoaded = (image: HTMLImageElement): boolean =>
  image.complete && image.naturalWidth > 0;

/** The elements in the page. */
const shown = new WeakMap<HTMLImageElement, Kept>();
/** Their addresses: what is there already is not prepared once more. */
const inPage = new Set<string>();

/** An element for one place in the page: the one that was loaded ahead, or one that begins to. */
export function take(url: string): HTMLImageElement {
  inPage.add(url);
  const known = fresh(url);
  if (known !== undefined && isLoaded(known.image)) {
    loaded.delete(url);
    shown.set(known.image, known);
    return known.image;
  }
  const image = new Image();
  shown.set(image, { image, since: performance.now() });
  image.decoding = 'async';
  image.src = url;
  return image;
}

/** How the element in the page was scaled ahead. */
export const scaledOf = (image: HTMLImageElement): HTMLCanvasElement | undefined =>
  shown.get(image)?.scaled;

/** The element is out of the page: kept for when somebody comes back to it. */
export function giveBack(url: string, image: HTMLImageElement): void {
  image.onload = image.onerror = null;
  inPage.delete(url);
  const kept = shown.get(image);
  if (kept !== undefined && isLoaded(image)) keep(url, kept);
}

function fresh(url: string): Kept | undefined {
  const known = loaded.get(url);
  if (known === undefined || performance.now() - known.since < KEPT) return known;
  loaded.delete(url);
  return undefined;
}

function keep(url: string, kept: Kept): void {
  loaded.delete(url);
  loaded.set(url, kept);
  for (const oldest of [...loaded.keys()].slice(0, -MOST)) loaded.delete(oldest);
}
