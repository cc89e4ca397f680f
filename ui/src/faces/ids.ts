// Which faces, as sets of their ids.

import type { Face } from '../bindings';

export const idsOf = (faces: readonly { face: Face }[]): ReadonlySet<number> =>
  new Set(faces.map(({ face }) => face.id));

/** With the id where it was missing, without it where it was there. */
export function toggled(ids: ReadonlySet<number>, id: number): ReadonlySet<number> {
  const changed = new Set(ids);
  if (!changed.delete(id)) changed.add(id);
  return changed;
}
