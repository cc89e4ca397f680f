// What waits, what was decided, or how the work goes.

import { action } from '../action';

export const modes = [
  { value: 'review', title: 'Review' },
  { value: 'decided', title: 'Decided' },
  { value: 'progress', title: 'Progress' },
] as const;

export type Mode = (typeof modes)[number]['value'];

/** Kept while the window is open: who comes back finds what was left. */
export const mode = $state<{ now: Mode }>({ now: 'review' });

function next(now: Mode): Mode {
  const place = modes.findIndex(({ value }) => value === now);
  return modes[(place + 1) % modes.length]?.value ?? 'review';
}

export const chooseMode = [
  action({
    id: 'safety.mode',
    title: 'Review, decided or progress',
    keys: ['m'],
    run: () => (mode.now = next(mode.now)),
  }),
];
