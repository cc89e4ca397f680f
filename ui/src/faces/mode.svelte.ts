// One face after the other, a wall of them, or how the work goes.

import { action } from '../action';

export const modes = [
  { value: 'stream', title: 'Stream' },
  { value: 'wall', title: 'Wall' },
  { value: 'progress', title: 'Progress' },
] as const;

export type Mode = (typeof modes)[number]['value'];

/** Kept while the window is open: who comes back finds what was left. `isUnknown`: the wall is of unknown people. */
export const mode = $state<{ now: Mode; isUnknown: boolean }>({ now: 'stream', isUnknown: false });

function next(now: Mode): Mode {
  const place = modes.findIndex(({ value }) => value === now);
  return modes[(place + 1) % modes.length]?.value ?? 'stream';
}

export const chooseMode = [
  action({
    id: 'faces.mode',
    title: 'Stream, wall or progress',
    keys: ['m'],
    run: () => (mode.now = next(mode.now)),
  }),
];
