// Where a picture and the boxes on it stand on the screen. No DOM: numbers in, numbers out.
//
// Two spaces: the *picture* (pixels of the upright original, in which boxes are stored) and the *stage*
// (CSS pixels of the place that the picture is shown in). A `View` takes one to the other.

export type Size = { width: number; height: number };
export type Point = { x: number; y: number };
export type Rect = { x: number; y: number; width: number; height: number };

/** `scale` stage pixels for each picture pixel; the picture's upper left corner stands at (`x`, `y`) on the stage. */
export type View = { scale: number; x: number; y: number };

/** Zoom as operators read it: 1 is one picture pixel on one pixel of the screen's panel. */
export const SMALLEST_ZOOM = 0.2;
export const LARGEST_ZOOM = 8;

/** The whole picture, centred, with `margin` stage pixels left free on each side. */
export function fit(picture: Size, stage: Size, margin = 0): View {
  const width = Math.max(1, stage.width - 2 * margin);
  const height = Math.max(1, stage.height - 2 * margin);
  const scale = Math.min(width / picture.width, height / picture.height);
  return centred(picture, stage, scale);
}

/** The picture at `scale` in the middle of the stage. */
export function centred(picture: Size, stage: Size, scale: number): View {
  return {
    scale,
    x: (stage.width - picture.width * scale) / 2,
    y: (stage.height - picture.height * scale) / 2,
  };
}

/** The view in which `target` (picture pixels) takes up about `share` of the stage, in its middle. */
export function onto(target: Rect, stage: Size, limits: Limits, share = 0.4): View {
  const wanted = Math.min(
    (stage.width * share) / Math.max(1, target.width),
    (stage.height * share) / Math.max(1, target.height),
  );
  const scale = within(wanted, limits);
  return {
    scale,
    x: stage.width / 2 - (target.x + target.width / 2) * scale,
    y: stage.height / 2 - (target.y + target.height / 2) * scale,
  };
}

export type Limits = { smallest: number; largest: number };

/** The scales that zooming may reach: 20 % to 800 %, and always the scale at which the picture fits. */
export function limits(fitted: number, pixelRatio: number): Limits {
  return {
    smallest: Math.min(fitted, SMALLEST_ZOOM / pixelRatio),
    largest: Math.max(fitted, LARGEST_ZOOM / pixelRatio),
  };
}

export function within(scale: number, { smallest, largest }: Limits): number {
  return Math.min(largest, Math.max(smallest, scale));
}

/** Zooms to `scale` so that the picture point under `anchor` (stage pixels) stays under it. */
export function zoomAround(view: View, anchor: Point, scale: number): View {
  const ratio = scale / view.scale;
  return {
    scale,
    x: anchor.x - (anchor.x - view.x) * ratio,
    y: anchor.y - (anchor.y - view.y) * ratio,
  };
}

/**
 * Keeps the picture from being lost: an axis on which it is smaller than the stage is centred, on the other its edges
 * may come no further in than the stage's edges.
 */
export function settled(view: View, picture: Size, stage: Size): View {
  return {
    scale: view.scale,
    x: settledAlong(view.x, picture.width * view.scale, stage.width),
    y: settledAlong(view.y, picture.height * view.scale, stage.height),
  };
}

function settledAlong(start: number, length: number, room: number): number {
  if (length <= room) return (room - length) / 2;
  return Math.min(0, Math.max(room - length, start));
}

/**
 * The view with the picture's corner on whole pixels of the screen. The web view puts pictures and boxes there each for
 * itself, and would move them apart by as much as a pixel.
 */
export function snapped(view: View, pixelRatio: number): View {
  const along = (start: number) => Math.round(start * pixelRatio) / pixelRatio;
  return { scale: view.scale, x: along(view.x), y: along(view.y) };
}

/** How many pixels of the screen a picture is drawn on, whose corner stands on a whole one. */
export function drawnSize(picture: Size, scale: number, pixelRatio: number): Size {
  const along = (length: number) => Math.round(length * scale * pixelRatio);
  return { width: along(picture.width), height: along(picture.height) };
}

/** A rectangle of picture pixels as it stands on the stage. */
export function onStage(rect: Rect, view: View): Rect {
  return {
    x: view.x + rect.x * view.scale,
    y: view.y + rect.y * view.scale,
    width: rect.width * view.scale,
    height: rect.height * view.scale,
  };
}

/** The picture point under a stage point. */
export function toPicture(point: Point, view: View): Point {
  return { x: (point.x - view.x) / view.scale, y: (point.y - view.y) / view.scale };
}

export type Side = 'left' | 'top' | 'right' | 'bottom';

/** What of a box lies on the picture, and on which sides some of it does not. */
export type Clipped = { rect: Rect | null; cut: Side[] };

/** Clips a box to the picture; `rect` is null when nothing of it is on the picture or it has no area. */
export function clip(box: Rect, picture: Size): Clipped {
  const usable = [box.x, box.y, box.width, box.height].every(Number.isFinite);
  if (!usable || box.width <= 0 || box.height <= 0) return { rect: null, cut: [] };

  const left = Math.max(0, box.x);
  const top = Math.max(0, box.y);
  const right = Math.min(picture.width, box.x + box.width);
  const bottom = Math.min(picture.height, box.y + box.height);

  const cut: Side[] = [];
  if (box.x < 0) cut.push('left');
  if (box.y < 0) cut.push('top');
  if (box.x + box.width > picture.width) cut.push('right');
  if (box.y + box.height > picture.height) cut.push('bottom');

  if (right <= left || bottom <= top) return { rect: null, cut };
  return { rect: { x: left, y: top, width: right - left, height: bottom - top }, cut };
}

/** The part that two rectangles share, or null. */
export function shared(a: Rect, b: Rect): Rect | null {
  const x = Math.max(a.x, b.x);
  const y = Math.max(a.y, b.y);
  const width = Math.min(a.x + a.width, b.x + b.width) - x;
  const height = Math.min(a.y + a.height, b.y + b.height) - y;
  return width > 0 && height > 0 ? { x, y, width, height } : null;
}

/** Where a box is taken hold of: a corner or the middle of a side, named by the compass. */
export const HANDLES = ['nw', 'n', 'ne', 'e', 'se', 's', 'sw', 'w'] as const;
export type Handle = (typeof HANDLES)[number];

/** Picture pixels: a shorter side holds no face. */
export const SHORTEST_SIDE = 8;

/** The box on whole pixels that is nearest to where its edges are. */
export function whole({ x, y, width, height }: Rect): Rect {
  const [left, top] = [Math.round(x), Math.round(y)];
  return {
    x: left,
    y: top,
    width: Math.round(x + width) - left,
    height: Math.round(y + height) - top,
  };
}

/** The box moved by so many picture pixels, as far as the picture goes; its size stays. */
export function shifted(rect: Rect, by: Point, picture: Size): Rect {
  const along = (start: number, length: number, room: number) =>
    Math.max(0, Math.min(Math.round(start), room - length));
  return {
    ...rect,
    x: along(rect.x + by.x, rect.width, picture.width),
    y: along(rect.y + by.y, rect.height, picture.height),
  };
}

/** The box with one handle moved by so many picture pixels, as far as the picture and the opposite edge let it. */
export function resized(rect: Rect, handle: Handle, by: Point, picture: Size): Rect {
  let [left, top, right, bottom] = [rect.x, rect.y, rect.x + rect.width, rect.y + rect.height];
  const within = (edge: number, from: number, to: number) =>
    Math.min(Math.max(Math.round(edge), from), to);
  if (handle.includes('w')) left = within(left + by.x, 0, right - 1);
  if (handle.includes('e')) right = within(right + by.x, left + 1, picture.width);
  if (handle.includes('n')) top = within(top + by.y, 0, bottom - 1);
  if (handle.includes('s')) bottom = within(bottom + by.y, top + 1, picture.height);
  return { x: left, y: top, width: right - left, height: bottom - top };
}

/** The box between two points of the picture, as far as it lies on it. */
export function spanned(from: Point, to: Point, picture: Size): Rect {
  const along = (a: number, b: number, room: number): [number, number] => {
    const edge = (at: number) => Math.min(Math.max(Math.round(at), 0), room);
    const [start, end] = a < b ? [edge(a), edge(b)] : [edge(b), edge(a)];
    return [start, end - start];
  };
  const [x, width] = along(from.x, to.x, picture.width);
  const [y, height] = along(from.y, to.y, picture.height);
  return { x, y, width, height };
}

/** A square in the middle of a part of the picture, with a share of its shorter side, and never too small. */
export function middle(of: Rect, picture: Size, share: number): Rect {
  const wanted = Math.max(SHORTEST_SIDE, Math.round(Math.min(of.width, of.height) * share));
  const side = Math.min(wanted, picture.width, picture.height);
  const at = { x: of.x + (of.width - side) / 2, y: of.y + (of.height - side) / 2 };
  return shifted({ x: 0, y: 0, width: side, height: side }, at, picture);
}

/** Stage pixels between two neighbouring handles, at least. */
const ROOM_FOR_HANDLES = 24;

/** The frame on which the handles of a box stand: around the box, and where that is small, so far out that each can be taken hold of. */
export function frame(box: Rect): Rect {
  const outward = (length: number) => Math.max(0, (2 * ROOM_FOR_HANDLES - length) / 2);
  const [across, down] = [outward(box.width), outward(box.height)];
  return {
    x: box.x - across,
    y: box.y - down,
    width: box.width + 2 * across,
    height: box.height + 2 * down,
  };
}

/** Where a handle stands on a frame. */
export function handleAt({ x, y, width, height }: Rect, handle: Handle): Point {
  const along = (start: number, length: number, low: string, high: string) =>
    handle.includes(low) ? start : handle.includes(high) ? start + length : start + length / 2;
  return { x: along(x, width, 'w', 'e'), y: along(y, height, 'n', 's') };
}

export const sameRect = (one: Rect, other: Rect): boolean =>
  one.x === other.x &&
  one.y === other.y &&
  one.width === other.width &&
  one.height === other.height;
