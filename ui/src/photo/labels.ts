// Where the names stand: beside their boxes, inside the picture, and never on top of one another.

import { shared, type Rect, type Size } from './geometry';

export type Labelled = {
  id: number;
  /** The box on the stage. */
  box: Rect;
  /** The label as measured. */
  label: Size;
  /** Higher is placed first; a label that finds no room is left out unless it is `needed`. */
  weight: number;
  needed: boolean;
};

const GAP = 4;

/**
 * Where the labels stand on the stage, by id. `room` is the part of the picture that can be seen. Tried in turn: above the
 * box, below it, inside at its top, inside at its bottom. A label that would cover another label or the box of another face
 * has no entry, unless it is needed.
 */
export function placeLabels(labelled: readonly Labelled[], room: Rect): Map<number, Rect> {
  const placed = new Map<number, Rect>();
  const taken: Rect[] = [];
  const inTurn = [...labelled].sort((a, b) => b.weight - a.weight || a.id - b.id);

  for (const one of inTurn) {
    if (!one.needed && !shared(one.box, room)) continue;
    const choices = corners(one).map((corner) => inside(corner, room));
    const coversLabel = (choice: Rect) => taken.some((other) => shared(choice, other) !== null);
    const coversFace = (choice: Rect) =>
      labelled.some(({ id, box }) => id !== one.id && !holds(box, one.box) && shared(choice, box));
    const chosen =
      choices.find((choice) => !coversLabel(choice) && !coversFace(choice)) ??
      (one.needed ? (choices.find((choice) => !coversLabel(choice)) ?? choices[0]) : undefined);
    if (!chosen) continue;
    placed.set(one.id, chosen);
    taken.push(chosen);
  }
  return placed;
}

function corners({ box, label }: Labelled): Rect[] {
  const { width, height } = label;
  const outside = [
    { x: box.x, y: box.y - height - GAP, width, height },
    { x: box.x, y: box.y + box.height + GAP, width, height },
  ];
  // In a small box, the label would hide the face.
  if (box.width < width + 2 * GAP || box.height < 4 * height) return outside;
  return [
    ...outside,
    { x: box.x + GAP, y: box.y + GAP, width, height },
    { x: box.x + GAP, y: box.y + box.height - height - GAP, width, height },
  ];
}

/** A box around the whole photo is no reason to leave everybody else without a name. */
function holds(outer: Rect, inner: Rect): boolean {
  const common = shared(outer, inner);
  return common !== null && common.width * common.height > 0.9 * inner.width * inner.height;
}

/** Moved into `room`; a label wider than the room keeps its beginning in sight. */
function inside(label: Rect, room: Rect): Rect {
  const right = room.x + room.width - label.width;
  const bottom = room.y + room.height - label.height;
  return {
    ...label,
    x: Math.max(room.x, Math.min(label.x, right)),
    y: Math.max(room.y, Math.min(label.y, bottom)),
  };
}
