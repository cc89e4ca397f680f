// What is drawn for each face: its kind, its place on the picture, and what is wrong with the place.

import type { Face } from '../bindings';
import { personName } from '../components/text';
import { clip, type Rect, type Side, type Size } from './geometry';

export type Kind = 'confirmed' | 'suggested' | 'unidentified' | 'problem';

export interface Mark {
  face: Face;
  kind: Kind;
  /** Whose face it is, as far as anybody knows. */
  name: string;
  /** Picture pixels; null when it cannot be drawn on the picture. */
  rect: Rect | null;
  cut: Side[];
  /** Why it is not drawn, or not drawn whole. */
  reason: string | null;
}

export const kindNames: Record<Kind, string> = {
  confirmed: 'Confirmed',
  suggested: 'Suggested',
  unidentified: 'Not identified',
  problem: 'Box with a problem',
};

export function kindOf({ status }: Face): Exclude<Kind, 'problem'> {
  return status === 'CONFIRMED'
    ? 'confirmed'
    : status === 'SUGGESTED'
      ? 'suggested'
      : 'unidentified';
}

/** Rows may contradict themselves: the status says which of the two persons counts. */
export function personOf(face: Face): Face['identified'] {
  if (face.status === 'CONFIRMED') return face.identified;
  return face.status === 'SUGGESTED' ? face.suggested : null;
}

export function nameOf(face: Face): string {
  const person = personOf(face);
  if (person !== null) return personName(person);
  return face.status === 'CONFIRMED' ? 'Confirmed, nobody named' : 'Unknown';
}

/** Marks in the order of reading: top to bottom, left to right; those without a place come last. */
export function marks(faces: readonly Face[], picture: Size | null): Mark[] {
  return faces.map((face) => mark(face, picture)).sort(inReadingOrder);
}

function mark(face: Face, picture: Size | null): Mark {
  const common = { face, name: nameOf(face) };
  if (face.bounds === null) {
    const reason = face.boundsProblem ?? 'Its box is not four usable numbers.';
    return { ...common, kind: 'problem', rect: null, cut: [], reason };
  }
  if (picture === null) return { ...common, kind: kindOf(face), rect: null, cut: [], reason: null };

  const { rect, cut } = clip(face.bounds, picture);
  if (rect === null) {
    const reason =
      cut.length > 0
        ? 'Its box lies outside the picture.'
        : (face.boundsProblem ?? 'Its box has no area.');
    return { ...common, kind: 'problem', rect, cut, reason };
  }
  const cutReason = cut.length > 0 ? `Its box goes beyond the picture (${cut.join(', ')}).` : null;
  return { ...common, kind: kindOf(face), rect, cut, reason: cutReason ?? face.boundsProblem };
}

function inReadingOrder(a: Mark, b: Mark): number {
  if (a.rect === null || b.rect === null)
    return Number(a.rect === null) - Number(b.rect === null) || a.face.id - b.face.id;
  // Faces whose heights overlap by half stand in one line.
  const line = Math.min(a.rect.height, b.rect.height) / 2;
  const down = a.rect.y + a.rect.height / 2 - (b.rect.y + b.rect.height / 2);
  return Math.abs(down) > line ? down : a.rect.x - b.rect.x || a.face.id - b.face.id;
}

/** `0.81`, cut and not rounded: 0.849 must not look as if it had reached 0.85. */
export function similarityText(similarity: number | null): string {
  if (similarity === null || !Number.isFinite(similarity)) return '–';
  return (Math.trunc(similarity * 100 + Math.sign(similarity) * 1e-9) / 100).toFixed(2);
}
