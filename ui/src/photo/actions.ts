// How near one looks at a photo.

import { action } from '../action';

/** What the viewer offers to its actions. */
export interface Lens {
  /** The picture can be shown: its size is known. */
  ready: boolean;
  hasFocus: boolean;
  /** There is something beyond the edges, and the arrows move nothing else. */
  pannable: boolean;
  zoomBy: (factor: number) => void;
  /** In pixels of the window. */
  panBy: (x: number, y: number) => void;
  fit: () => void;
  actualSize: () => void;
  closeUp: () => void;
}

const STEP = 1.25;

export const zoomIn = action<Lens>({
  id: 'photo.zoom-in',
  title: 'Zoom in',
  keys: ['+', '='],
  enabled: ({ ready }) => ready,
  run: ({ zoomBy }) => zoomBy(STEP),
});

export const zoomOut = action<Lens>({
  id: 'photo.zoom-out',
  title: 'Zoom out',
  keys: ['-'],
  enabled: ({ ready }) => ready,
  run: ({ zoomBy }) => zoomBy(1 / STEP),
});

export const fitPhoto = action<Lens>({
  id: 'photo.fit',
  title: 'Fit the whole photo',
  keys: ['w'],
  enabled: ({ ready }) => ready,
  run: ({ fit }) => fit(),
});

export const actualSize = action<Lens>({
  id: 'photo.actual-size',
  title: 'Show at 100 %',
  keys: ['o'],
  enabled: ({ ready }) => ready,
  run: ({ actualSize }) => actualSize(),
});

export const closeUp = action<Lens>({
  id: 'photo.close-up',
  title: 'Close-up of the face, and back',
  keys: ['c'],
  enabled: ({ ready, hasFocus }) => ready && hasFocus,
  run: ({ closeUp }) => closeUp(),
});

/** In pixels, for each press. */
const PAN = 64;

const pans = (
  [
    ['ArrowLeft', 'left', PAN, 0],
    ['ArrowRight', 'right', -PAN, 0],
    ['ArrowUp', 'top', 0, PAN],
    ['ArrowDown', 'bottom', 0, -PAN],
  ] as const
).map(([key, where, x, y]) =>
  action<Lens>({
    id: `photo.pan-${where}`,
    title: `Look further to the ${where}`,
    keys: [`Shift+${key}`],
    enabled: ({ ready, pannable }) => ready && pannable,
    run: ({ panBy }) => panBy(x, y),
  }),
);

/** A place where a video may be played. */
export interface Player {
  /** What is shown there is the preview of one. */
  isVideo: boolean;
  /** Plays it, or shows the preview again. */
  turn: () => void;
}

export const playVideo = action<Player>({
  id: 'photo.play',
  title: 'Play the video, and back',
  keys: ['b'],
  enabled: ({ isVideo }) => isVideo,
  run: ({ turn }) => turn(),
});

export const photoActions = [zoomIn, zoomOut, fitPhoto, actualSize, closeUp, ...pans];
