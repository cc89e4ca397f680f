// What a moderator says about a face.

import { action } from '../action';
import type { Candidate, Face, Person } from '../bindings';
import type { FaceStream } from './stream.svelte';

/** What the screen shows when a key is pressed. */
export interface Stand {
  stream: FaceStream;
  face: Face | undefined;
  /** Nothing is left to say: it is confirmed, or being written. */
  settled: boolean;
  candidates: Candidate[];
}

type Suggestion = { face: Face & { suggested: Person } };

/** The face with the person that the AI suggests for it, where there is one to say yes or no to. */
function suggestion({ face, settled }: Stand): Suggestion['face'] | undefined {
  const waits = face?.status === 'SUGGESTED' && face.suggested !== null && !settled;
  return waits ? (face as Suggestion['face']) : undefined;
}

export const confirmFace = action<Stand>({
  id: 'faces.confirm',
  title: 'Confirm the suggested person',
  keys: ['y', 'Enter'],
  enabled: (stand) => suggestion(stand) !== undefined,
  run: (stand) => {
    const face = suggestion(stand);
    if (face) stand.stream.confirm(face, face.suggested);
  },
});

export const rejectFace = action<Stand>({
  id: 'faces.reject',
  title: 'Not this person',
  keys: ['n'],
  enabled: (stand) => suggestion(stand) !== undefined,
  run: (stand) => {
    const face = suggestion(stand);
    if (face) stand.stream.reject(face);
  },
});

export const choosePerson = action<Stand>({
  id: 'faces.choose',
  title: 'Choose another person',
  keys: ['f', '/'],
  enabled: ({ face, settled }) => face !== undefined && !settled,
  run: ({ stream }) => (stream.picking = true),
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

export const chooseCandidate = Array.from({ length: 9 }, (_, index) =>
  action<Stand>({
    id: `faces.candidate-${index + 1}`,
    title: `It is candidate ${index + 1}`,
    keys: [String(index + 1)],
    enabled: ({ candidates, face, settled }) =>
      face !== undefined && !settled && candidates[index] !== undefined,
    run: ({ stream, candidates, face }) => {
      const candidate = candidates[index];
      if (face && candidate) stream.confirm(face, candidate.person);
    },
  }),
);

export const faceActions = [
  confirmFace,
  rejectFace,
  choosePerson,
  skipFace,
  previousFace,
  ...chooseCandidate,
];
