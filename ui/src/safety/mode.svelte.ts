// What waits, what was decided, how the work goes, or by which policies.

import { action } from '../action';

export const modes = [
  { value: 'review', title: 'Review' },
  { value: 'decided', title: 'Decided' },
  { value: 'progress', title: 'Progress' },
  { value: 'policies', title: 'Policies' },
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
    title: 'Review, decided, progress or policies',
    keys: ['m'],
    run: () => (mode.now = next(mode.now)),
  }),
];
