// What a moderator does to the boxes on a photo.

import { action, type Action } from '../action';
import type { BoxEditor } from './editor.svelte';
import type { Point } from './geometry';

export const editBoxes = action<BoxEditor>({
  id: 'faces.edit-boxes',
  title: 'Edit boxes, and back',
  keys: ['e'],
  enabled: (editor) => editor.on || (editor.ready && editor.face !== undefined),
  run: (editor) => editor.toggle(),
});

export const drawFace = action<{ editor: BoxEditor | undefined }>({
  id: 'photo.draw-face',
  title: 'Draw a face',
  keys: ['d'],
  enabled: ({ editor }) => editor !== undefined && editor.ready && editor.noDrawing === null,
  run: ({ editor }) => editor?.toggle(),
});

export const saveBox = action<BoxEditor>({
  id: 'boxes.save',
  title: 'Save the box',
  keys: ['Enter'],
  enabled: ({ writing }) => !writing,
  run: (editor) => editor.save(),
});

export const putBoxBack = action<BoxEditor>({
  id: 'boxes.put-back',
  title: 'Put the box back, or end editing',
  keys: ['Escape'],
  run: (editor) => editor.putBack(),
});

export const addBox = action<BoxEditor>({
  id: 'boxes.add',
  title: 'Add a face in the middle',
  keys: ['a', 'Insert'],
  enabled: ({ writing, rect, face, noDrawing }) =>
    !writing && ((face !== undefined && rect === null) || noDrawing === null),
  run: (editor) => editor.add(),
});

export const deleteFace = action<BoxEditor>({
  id: 'boxes.delete',
  title: 'Delete the face',
  keys: ['Delete', 'Backspace'],
  enabled: ({ writing, isNew, face }) => !writing && (isNew || face !== undefined),
  run: (editor) => editor.remove(),
});

/** Key, where to, the way, and what it does to the size. */
export const directions: readonly [string, string, Point, string][] = [
  ['ArrowLeft', 'to the left', { x: -1, y: 0 }, 'narrower'],
  ['ArrowRight', 'to the right', { x: 1, y: 0 }, 'wider'],
  ['ArrowUp', 'up', { x: 0, y: -1 }, 'lower'],
  ['ArrowDown', 'down', { x: 0, y: 1 }, 'higher'],
];

const by = ({ x, y }: Point, pixels: number) => ({ x: x * pixels, y: y * pixels });

/** By one pixel of the picture, and with Ctrl by ten. */
export const nudges: Action<BoxEditor>[] = directions.flatMap(([key, where, way, size]) =>
  [1, 10].flatMap((pixels) => {
    const ctrl = pixels === 1 ? '' : 'Ctrl+';
    const far = pixels === 1 ? '' : ' by 10';
    return [
      action<BoxEditor>({
        id: `boxes.move-${key}-${pixels}`,
        title: `Move the box ${where}${far}`,
        keys: [`${ctrl}${key}`],
        run: (editor) => editor.shift(by(way, pixels)),
      }),
      action<BoxEditor>({
        id: `boxes.resize-${key}-${pixels}`,
        title: `Make the box ${size}${far}`,
        keys: [`${ctrl}Shift+${key}`],
        run: (editor) => editor.grow(by(way, pixels)),
      }),
    ];
  }),
);

/** While boxes are edited. */
export const boxActions = [saveBox, putBoxBack, addBox, deleteFace, ...nudges];
