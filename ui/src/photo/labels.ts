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
 * Upper left corners by id, on the stage. `room` is the part of the picture that can be seen. Tried in turn: above the box,
 * below it, inside at its top, inside at its bottom. A label that would cover a placed one has no entry.
 */
export function placeLabels(labelled: readonly Labelled[], room: Rect): Map<number, Rect> {
  const placed = new Map<number, Rect>();
  const taken: Rect[] = [];
  const inTurn = [...labelled].sort((a, b) => b.weight - a.weight || a.id - b.id);

  for (const one of inTurn) {
    if (!one.needed && !shared(one.box, room)) continue;
    const choices = corners(one).map((corner) => inside(corner, room));
    const free = choices.find((choice) => !taken.some((other) => shared(choice, other)));
    const chosen = free ?? (one.needed ? choices[0] : undefined);
    if (!chosen) continue;
    placed.set(one.id, chosen);
    taken.push(chosen);
  }
  return placed;
}

function corners({ box, label }: Labelled): Rect[] {
  const { width, height } = label;
  return [
    { x: box.x, y: box.y - height - GAP, width, height },
    { x: box.x, y: box.y + box.height + GAP, width, height },
    { x: box.x + GAP, y: box.y + GAP, width, height },
    { x: box.x + GAP, y: box.y + box.height - height - GAP, width, height },
  ];
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
