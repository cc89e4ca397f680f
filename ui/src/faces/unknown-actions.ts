// What a moderator does with groups of unknown faces.

import { action } from '../action';
import type { UnknownPerson } from '../bindings';
import type { UnknownWall } from './unknown.svelte';

export interface UnknownStand {
  wall: UnknownWall;
  /** The group that is most like the one that is looked at. */
  nearest: UnknownPerson | undefined;
  /** Something of one's own can be taken back. */
  undoable: boolean;
}

const isReady = ({ wall }: UnknownStand) =>
  wall.group !== undefined && wall.faces.length > 0 && !wall.busy;
const hasPicked = (stand: UnknownStand) => isReady(stand) && stand.wall.selection.size > 0;

export const nameThem = action<UnknownStand>({
  id: 'unknown.name',
  title: 'Name them',
  keys: ['/'],
  enabled: isReady,
  run: ({ wall }) => (wall.naming = true),
});

export const splitOff = action<UnknownStand>({
  id: 'unknown.split',
  title: 'Split off what is selected',
  keys: ['s'],
  enabled: (stand) =>
    hasPicked(stand) && (stand.wall.selection.size < stand.wall.faces.length || !stand.wall.ended),
  run: ({ wall }) => wall.split(),
});

export const mergeNearest = action<UnknownStand>({
  id: 'unknown.merge',
  title: 'Merge with the group that is most alike',
  keys: ['c'],
  enabled: (stand) => isReady(stand) && stand.nearest !== undefined,
  run: ({ wall, nearest }) => nearest && wall.take(nearest),
});

export const nobodyOfThem = action<UnknownStand>({
  id: 'unknown.nobody',
  title: 'Nobody we know',
  keys: ['0'],
  enabled: hasPicked,
  run: ({ wall }) => wall.say('nobody'),
});

export const noFaceOfThem = action<UnknownStand>({
  id: 'unknown.no-face',
  title: 'Not faces',
  keys: ['d', 'Delete'],
  enabled: hasPicked,
  run: ({ wall }) => wall.say('noFace'),
});

export const selectGroup = action<UnknownStand>({
  id: 'unknown.select-all',
  title: 'Select all that is loaded',
  keys: ['Ctrl+a'],
  enabled: isReady,
  run: ({ wall }) => wall.selection.set(wall.faces.map(({ face }) => face.id)),
});

export const selectNobody = action<UnknownStand>({
  id: 'unknown.select-none',
  title: 'Let go of the selection, or of the name',
  keys: ['Escape'],
  enabled: ({ wall }) => wall.selection.size > 0 || wall.naming,
  run: ({ wall }) => {
    if (wall.naming) wall.naming = false;
    else wall.selection.clear();
  },
});

export const undoUnknown = action<UnknownStand>({
  id: 'unknown.undo',
  title: 'Take back what was done last',
  keys: ['z', 'Ctrl+z'],
  enabled: ({ wall, undoable }) => !wall.busy && undoable,
  run: ({ wall }) => wall.undo(),
});

export const unknownActions = [
  nameThem,
  splitOff,
  mergeNearest,
  nobodyOfThem,
  noFaceOfThem,
  selectGroup,
  selectNobody,
  undoUnknown,
];
