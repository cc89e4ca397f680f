// The queues of faces, by their names.

import type { ConflictKind, FaceQuery, Order, Queue } from '../bindings';
import { counted } from '../components/text';

export const queues: readonly Queue[] = ['suggested', 'near', 'conflicts'];

export const queueNames: Record<Queue, string> = {
  suggested: 'Suggested',
  near: 'Near',
  conflicts: 'Conflicts',
};

export const orders: readonly Order[] = ['certain', 'uncertain', 'newest', 'impact'];

export const orderNames: Record<Order, string> = {
  certain: 'Most certain first',
  uncertain: 'Least certain first',
  newest: 'Newest first',
  impact: 'Most helpful first',
};

export const conflictNames: Record<ConflictKind, string> = {
  twice: 'Twice on a photo',
  far: 'Far from the enrolment',
  overlap: 'Overlapping boxes',
  status: 'Contradicting status',
  nobody: 'Named nobody',
  score: 'No usable score',
  account: 'Account not active',
  box: 'No usable box',
  outside: 'Outside the photo',
  vector: 'Empty embedding',
  alike: 'Two enrolments too alike',
};

/** What is left to do, in a line. */
export function noteOf({ queue, order }: FaceQuery, left: number): string {
  const what = {
    suggested: counted(left, 'suggestion'),
    near: counted(left, 'face'),
    conflicts: counted(left, 'face with a conflict', 'faces with conflicts'),
  }[queue];
  const how = queue === 'conflicts' ? 'newest first' : orderNames[order].toLowerCase();
  return `${what} left, ${how}`;
}

export const emptyQueue: Record<Queue, string> = {
  suggested: 'Every suggestion is decided.',
  near: 'Nobody comes near to an unidentified face.',
  conflicts: 'Nothing contradicts anything.',
};
