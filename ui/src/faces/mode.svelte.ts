// One face after the other, or a wall of them.

import { action } from '../action';

export type Mode = 'stream' | 'wall';

/** Kept while the window is open: who comes back finds what was left. `isUnknown`: the wall is of unknown people. */
export const mode = $state<{ now: Mode; isUnknown: boolean }>({ now: 'stream', isUnknown: false });

export const chooseMode = [
  action({
    id: 'faces.mode',
    title: 'Stream or wall',
    keys: ['m'],
    run: () => (mode.now = mode.now === 'wall' ? 'stream' : 'wall'),
  }),
];
