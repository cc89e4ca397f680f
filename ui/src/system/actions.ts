import { action } from '../action';
import type { Job, JobKind } from '../bindings';

/** What the System screen shows of the index that is chosen. */
export interface SystemScreen {
  admin: boolean;
  index: string | undefined;
  /** The work on this index that has not ended. */
  job: Job | undefined;
  /** There is a generation to go back to. */
  previous: boolean;
  letters: number;
  walk: (step: number) => unknown;
  start: (kind: JobKind) => unknown;
  cancel: () => unknown;
  replay: () => unknown;
}

const idle = ({ admin, index, job }: SystemScreen) =>
  admin && index !== undefined && job === undefined;

export const nextIndex = action<SystemScreen>({
  id: 'system.next',
  title: 'Next index',
  keys: ['ArrowDown', 'j'],
  run: ({ walk }) => walk(1),
});

export const previousIndex = action<SystemScreen>({
  id: 'system.previous',
  title: 'Previous index',
  keys: ['ArrowUp', 'k'],
  run: ({ walk }) => walk(-1),
});

export const checkIndex = action<SystemScreen>({
  id: 'system.check',
  title: 'Check',
  keys: ['c'],
  enabled: idle,
  run: ({ start }) => start('check'),
});

export const repairIndex = action<SystemScreen>({
  id: 'system.repair',
  title: 'Check and repair',
  keys: ['r'],
  enabled: idle,
  run: ({ start }) => start('repair'),
});

/** Indices with vectors. */
const withVectors = ['media_search', 'recommendations_knn', 'face_search', 'known_faces'];

export const measureRecall = action<SystemScreen>({
  id: 'system.recall',
  title: 'Measure recall',
  keys: ['m'],
  enabled: (screen) => idle(screen) && withVectors.includes(screen.index ?? ''),
  run: ({ start }) => start('recall'),
});

export const rebuildIndex = action<SystemScreen>({
  id: 'system.rebuild',
  title: 'Rebuild',
  keys: ['b'],
  enabled: idle,
  run: ({ start }) => start('rebuild'),
});

export const rollBackIndex = action<SystemScreen>({
  id: 'system.roll-back',
  title: 'Roll back',
  keys: [],
  enabled: (screen) => idle(screen) && screen.previous,
  run: ({ start }) => start('rollback'),
});

export const cancelJob = action<SystemScreen>({
  id: 'system.cancel',
  title: 'Cancel',
  keys: ['x'],
  enabled: ({ admin, job }) => admin && job !== undefined && !job.cancelling,
  run: ({ cancel }) => cancel(),
});

export const replayLetters = action<SystemScreen>({
  id: 'system.replay',
  title: 'Try again',
  keys: ['t'],
  enabled: ({ admin, letters }) => admin && letters > 0,
  run: ({ replay }) => replay(),
});

export const systemActions = [
  nextIndex,
  previousIndex,
  checkIndex,
  repairIndex,
  measureRecall,
  rebuildIndex,
  rollBackIndex,
  cancelJob,
  replayLetters,
];
