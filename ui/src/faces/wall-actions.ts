// What a moderator does on a wall of faces.

import { action } from '../action';
import type { FaceWall } from './wall.svelte';

export interface WallStand {
  wall: FaceWall;
  /** Something of one's own can be taken back. */
  undoable: boolean;
}

const isReady = ({ wall }: WallStand) =>
  wall.person !== undefined && wall.sample === undefined && !wall.busy;

export const confirmPicked = action<WallStand>({
  id: 'wall.confirm',
  title: 'Confirm what is selected',
  keys: ['y'],
  enabled: (stand) => isReady(stand) && stand.wall.selection.size > 0,
  run: ({ wall }) => wall.person && wall.say({ is: wall.person.id }),
});

export const rejectPicked = action<WallStand>({
  id: 'wall.reject',
  title: 'Not this person',
  keys: ['n'],
  enabled: (stand) => isReady(stand) && stand.wall.selection.size > 0,
  run: ({ wall }) => wall.person && wall.say({ isNot: wall.person.id }),
});

export const nobodyPicked = action<WallStand>({
  id: 'wall.nobody',
  title: 'Nobody we know',
  keys: ['0'],
  enabled: (stand) => isReady(stand) && stand.wall.selection.size > 0,
  run: ({ wall }) => wall.say('nobody'),
});

export const noFacePicked = action<WallStand>({
  id: 'wall.no-face',
  title: 'Not faces',
  keys: ['d', 'Delete'],
  enabled: (stand) => isReady(stand) && stand.wall.selection.size > 0,
  run: ({ wall }) => wall.say('noFace'),
});

export const selectAll = action<WallStand>({
  id: 'wall.select-all',
  title: 'Select all that is loaded',
  keys: ['Ctrl+a'],
  enabled: (stand) => isReady(stand) && stand.wall.faces.length > 0,
  run: ({ wall }) => wall.selection.set(wall.faces.map(({ face }) => face.id)),
});

export const selectNone = action<WallStand>({
  id: 'wall.select-none',
  title: 'Let go of the selection, or leave the sample',
  keys: ['Escape'],
  enabled: ({ wall }) => wall.selection.size > 0 || wall.sample !== undefined,
  run: ({ wall }) => {
    if (wall.sample !== undefined) wall.sample = undefined;
    else wall.selection.clear();
  },
});

export const putLine = action<WallStand>({
  id: 'wall.line',
  title: 'Put the line below this face',
  keys: ['l'],
  enabled: (stand) => isReady(stand) && stand.wall.focused < stand.wall.faces.length,
  run: ({ wall }) => wall.putLine(wall.focused + 1),
});

export const takeSample = action<WallStand>({
  id: 'wall.sample',
  title: 'Blind sample',
  keys: ['s'],
  enabled: (stand) => isReady(stand) && stand.wall.line > 0,
  run: ({ wall }) => wall.take(),
});

export const finishSample = action<WallStand>({
  id: 'wall.finish-sample',
  title: 'All others are right',
  // Enter alone marks the face that has the focus.
  keys: ['Enter', 'Ctrl+Enter'],
  enabled: ({ wall }) => wall.sample !== undefined && !wall.busy,
  run: ({ wall }) => wall.finish(),
});

export const confirmAll = action<WallStand>({
  id: 'wall.confirm-above',
  title: 'Confirm all above the line',
  keys: ['a'],
  enabled: (stand) => isReady(stand) && stand.wall.line > 0 && stand.wall.obstacle === undefined,
  run: ({ wall }) => wall.confirmAbove(),
});

export const undoOnWall = action<WallStand>({
  id: 'wall.undo',
  title: 'Take back the last decision',
  keys: ['z', 'Ctrl+z'],
  enabled: ({ wall, undoable }) => !wall.busy && undoable,
  run: ({ wall }) => wall.undo(),
});

export const wallActions = [
  confirmPicked,
  rejectPicked,
  nobodyPicked,
  noFacePicked,
  selectAll,
  selectNone,
  putLine,
  takeSample,
  finishSample,
  confirmAll,
  undoOnWall,
];
