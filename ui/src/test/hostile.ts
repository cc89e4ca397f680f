// Faces and flagged media as `platform.py load --hostile` writes them: the schema allows them all.

import type { Face, Person, Photo, SafetyItem } from '../bindings';

type Case = Partial<Face> & { name: string };

/** Names of the cases, with what each does to a face of an ordinary photo of 4000 x 3000. */
const faceCases = (someone: Person, strange: Person[]): Case[] => [
  { name: 'partly outside', bounds: { x: 3700, y: 1200, width: 900, height: 900 } },
  { name: 'negative origin', bounds: { x: -200, y: -150, width: 900, height: 900 } },
  { name: 'wholly outside', bounds: { x: 5200, y: 200, width: 300, height: 300 } },
  { name: 'far outside', bounds: { x: 2147483640, y: 2147483640, width: 7, height: 7 } },
  { name: 'larger than picture', bounds: { x: -10, y: -10, width: 9000, height: 9000 } },
  {
    name: 'of three',
    bounds: null,
    boundsProblem: 'The stored box has 3 numbers instead of 4.',
  },
  { name: 'negative width', bounds: { x: 900, y: 900, width: -300, height: 300 } },
  { name: 'SUGGESTED nobody', suggested: null },
  { name: 'CONFIRMED nobody', status: 'CONFIRMED', suggested: null, identified: null },
  { name: 'confidence 1.7', status: 'CONFIRMED', identified: someone, similarity: 1.7 },
  { name: 'confidence null', status: 'CONFIRMED', identified: someone, similarity: null },
  {
    name: 'UNIDENTIFIED but identified',
    status: 'UNIDENTIFIED',
    identified: someone,
    suggested: null,
  },
  ...strange.map((suggested) => ({ name: `suggested ${suggested.username.slice(0, 12)}`, suggested })),
]; // prettier-ignore

/** Every case once, on one photo. */
export function hostilePhoto(like: Photo, someone: Person, strange: Person[]): Photo {
  const faces = faceCases(someone, strange).map(({ name, ...one }, index): Face => ({
    id: like.mediaId * 100 + index,
    mediaId: like.mediaId,
    bounds: { x: 300 + (index % 6) * 560, y: 500 + Math.floor(index / 6) * 800, width: 380, height: 460 },
    boundsProblem: null,
    status: 'SUGGESTED',
    identified: null,
    suggested: someone,
    similarity: 0.7,
    version: name,
    ...one,
  })); // prettier-ignore
  return { ...like, faces };
}

/** Columns that contradict one another, and sizes that are none. */
export function hostileFlags(item: SafetyItem): SafetyItem {
  const strange: Partial<SafetyItem>[] = [
    { isSafe: true },
    { status: 'COMPLETED' },
    { width: 0, height: -3 },
    { width: 2147483647, height: 1 },
    { createdAt: 'never' },
    {},
  ];
  return { ...item, ...strange[item.mediaId % strange.length] };
}
