// What a moderator says about a face.

import { action } from '../action';
import type { Candidate, Face, FaceQuery } from '../bindings';
import type { FaceStream } from './stream.svelte';

/** What the screen shows when a key is pressed. */
export interface Stand {
  stream: FaceStream;
  face: Face | undefined;
  /** Whom to say yes or no to. */
  proposed: Candidate | null;
  /** The faces of the photo in the order of reading. */
  onPhoto: Face[];
  /** Nothing can be said: there is no face, or something that was said is being written. */
  settled: boolean;
  candidates: Candidate[];
  /** Something of one's own can be taken back. */
  undoable: boolean;
}

export const confirmFace = action<Stand>({
  id: 'faces.confirm',
  title: 'Confirm the proposed person',
  keys: ['y', 'Enter'],
  enabled: ({ proposed, settled }) => proposed !== null && !settled,
  run: ({ stream, face, proposed }) => {
    if (face && proposed) stream.say(face, { said: 'is', person: proposed.person });
  },
});

export const rejectFace = action<Stand>({
  id: 'faces.reject',
  title: 'Not this person',
  keys: ['n'],
  enabled: ({ face, proposed, settled }) =>
    !settled && (proposed !== null || face?.status === 'CONFIRMED'),
  run: ({ stream, face, proposed }) => {
    if (face)
      stream.say(face, { said: 'isNot', person: proposed?.person ?? face.identified ?? null });
  },
});

export const nobodyWeKnow = action<Stand>({
  id: 'faces.nobody',
  title: 'Nobody we know',
  keys: ['0'],
  enabled: ({ settled }) => !settled,
  run: ({ stream, face }) => face && stream.say(face, { said: 'nobody' }),
});

export const notAFace = action<Stand>({
  id: 'faces.no-face',
  title: 'Not a face',
  keys: ['d', 'Delete'],
  enabled: ({ settled }) => !settled,
  run: ({ stream, face }) => face && stream.say(face, { said: 'noFace' }),
});

export const dismissConflicts = action<Stand>({
  id: 'faces.dismiss',
  title: 'Dismiss what is listed',
  keys: ['i'],
  enabled: ({ stream, settled }) => !settled && stream.conflicts.length > 0,
  run: ({ stream, face }) => face && stream.say(face, { said: 'dismiss' }),
});

export const choosePerson = action<Stand>({
  id: 'faces.choose',
  title: 'Choose another person',
  keys: ['f', '/'],
  enabled: ({ settled }) => !settled,
  run: ({ stream }) => (stream.picking = true),
});

export const undoDecision = action<Stand>({
  id: 'faces.undo',
  title: 'Take back the last decision',
  keys: ['z', 'Ctrl+z'],
  enabled: ({ stream, undoable }) => !stream.undoing && (undoable || stream.queue.writing > 0),
  run: ({ stream }) => stream.undo(),
});

export const skipFace = action<Stand>({
  id: 'faces.skip',
  title: 'Skip',
  keys: ['x', 'ArrowRight'],
  enabled: ({ face }) => face !== undefined,
  run: ({ stream }) => stream.skip(),
});

export const previousFace = action<Stand>({
  id: 'faces.back',
  title: 'Back to the one before',
  keys: ['b', 'ArrowLeft'],
  enabled: ({ stream }) => stream.inspecting || stream.queue.skipped > 0,
  run: ({ stream }) => stream.back(),
});

/** The next one on the photo, round and round. */
function step({ stream, face, onPhoto }: Stand, by: number): void {
  const place = onPhoto.findIndex(({ id }) => id === face?.id);
  const next = onPhoto.at((place + by) % onPhoto.length);
  if (next) stream.look(next);
}

export const nextOnPhoto = action<Stand>({
  id: 'faces.next-on-photo',
  title: 'Next face on this photo',
  keys: ['j'],
  enabled: ({ onPhoto }) => onPhoto.length > 1,
  run: (stand) => step(stand, 1),
});

export const previousOnPhoto = action<Stand>({
  id: 'faces.previous-on-photo',
  title: 'Previous face on this photo',
  keys: ['k'],
  enabled: ({ onPhoto }) => onPhoto.length > 1,
  run: (stand) => step(stand, -1),
});

const queues: [string, string, FaceQuery['queue']][] = [
  ['1', 'Suggested faces', 'suggested'],
  ['2', 'Faces that somebody comes near to', 'near'],
  ['3', 'Faces with conflicts', 'conflicts'],
];

export const chooseQueue = queues.map(([key, title, queue]) =>
  action<Stand>({
    id: `faces.queue-${queue}`,
    title,
    keys: [`q ${key}`],
    run: ({ stream }) => stream.ask({ queue }),
  }),
);

export const chooseCandidate = Array.from({ length: 9 }, (_, index) =>
  action<Stand>({
    id: `faces.candidate-${index + 1}`,
    title: `It is candidate ${index + 1}`,
    keys: [String(index + 1)],
    enabled: ({ candidates, settled }) => !settled && candidates[index] !== undefined,
    run: ({ stream, candidates, face }) => {
      const candidate = candidates[index];
      if (face && candidate) stream.say(face, { said: 'is', person: candidate.person });
    },
  }),
);

export const faceActions = [
  confirmFace,
  rejectFace,
  nobodyWeKnow,
  notAFace,
  choosePerson,
  skipFace,
  previousFace,
  nextOnPhoto,
  previousOnPhoto,
  undoDecision,
  dismissConflicts,
  ...chooseQueue,
  ...chooseCandidate,
];
