// Pictures that are loaded before they are shown. What was loaded is the element itself: where it is put into the page,
// its pixels are on the screen with the next frame.

interface Kept {
  image: HTMLImageElement;
  /** When it began to load, in the milliseconds of `performance.now()` */
  since: number;
}

/** Elements are kept, or the web view might let go of the pixels before they are shown; the one used last is last. */
const loaded = new Map<string, Kept>();
const MOST = 60;
/** In milliseconds. Not for long: what is safe now may be flagged soon. */
const KEPT = 300_000;

/** Has the web view load and decode a picture that will be wanted soon; one that does not come says why when shown. */
export function preload(url: string): Promise<void> {
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

/** Whether the element has its pixels. */
export const isLoaded = (image: HTMLImageElement): boolean =>
  image.complete && image.naturalWidth > 0;

/** When the elements in the page began to load. */
const shown = new WeakMap<HTMLImageElement, number>();

/** An element for one place in the page: the one that was loaded ahead, or one that begins to. */
export function take(url: string): HTMLImageElement {
  const known = fresh(url);
  if (known !== undefined && isLoaded(known.image)) {
    loaded.delete(url);
    shown.set(known.image, known.since);
    return known.image;
  }
  const image = new Image();
  shown.set(image, performance.now());
  image.decoding = 'async';
  image.src = url;
  return image;
}

/** The element is out of the page: kept for when somebody comes back to it. */
export function giveBack(url: string, image: HTMLImageElement): void {
  image.onload = image.onerror = null;
  const since = shown.get(image);
  if (since !== undefined && isLoaded(image)) keep(url, { image, since });
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
