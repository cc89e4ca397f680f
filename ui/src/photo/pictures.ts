// Pictures that are loaded before they are shown. What was loaded is the element itself: where it is put into the page,
// its pixels are on the screen with the next frame.

/** Elements are kept, or the web view might let go of the pixels before they are shown; the one used last is last. */
const loaded = new Map<string, HTMLImageElement>();
const KEPT = 60;

/** Has the web view load and decode a picture that will be wanted soon; one that does not come says why when shown. */
export function preload(url: string): Promise<void> {
  const known = loaded.get(url);
  const image = known ?? new Image();
  keep(url, image);
  if (known !== undefined) return Promise.resolve();
  return new Promise((resolve) => {
    image.onload = () => image.decode().then(resolve, resolve);
    image.onerror = () => resolve();
    image.src = url;
  });
}

/** Whether the element has its pixels. */
export const isLoaded = (image: HTMLImageElement): boolean =>
  image.complete && image.naturalWidth > 0;

/** An element for one place in the page: the one that was loaded ahead, or one that begins to. */
export function take(url: string): HTMLImageElement {
  const known = loaded.get(url);
  if (known !== undefined && isLoaded(known)) {
    loaded.delete(url);
    return known;
  }
  const image = new Image();
  image.decoding = 'async';
  image.src = url;
  return image;
}

/** The element is out of the page: kept for when somebody comes back to it. */
export function giveBack(url: string, image: HTMLImageElement): void {
  image.onload = image.onerror = null;
  if (isLoaded(image)) keep(url, image);
}

function keep(url: string, image: HTMLImageElement): void {
  loaded.delete(url);
  loaded.set(url, image);
  for (const oldest of [...loaded.keys()].slice(0, -KEPT)) loaded.delete(oldest);
}
