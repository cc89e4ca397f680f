// What was said of a face, in words.

import type { Face, Judgement, Person, Said, Undoable } from '../bindings';
import { counted, personName } from '../components/text';

/** With the person whom it is about. */
export type Word =
  | { said: 'is'; person: Person }
  | { said: 'isNot'; person: Person | null }
  | { said: 'nobody' }
  | { said: 'noFace' }
  | { said: 'dismiss' }
  | { said: 'delete' };

export function told(word: Exclude<Word, { said: 'dismiss' | 'delete' }>): Said {
  switch (word.said) {
    case 'is':
      return { is: word.person.id };
    case 'isNot':
      return { isNot: word.person?.id ?? null };
    default:
      return word.said;
  }
}

export function inWords(word: Word): string {
  switch (word.said) {
    case 'is':
      return `Confirmed as ${personName(word.person)}.`;
    case 'isNot':
      return word.person === null ? 'Not this person.' : `Not ${personName(word.person)}.`;
    case 'nobody':
      return 'Nobody we know.';
    case 'noFace':
      return 'Not a face.';
    case 'dismiss':
      return 'Dismissed.';
    case 'delete':
      return 'Face deleted.';
  }
}

/** The face as it will be once this is written; undefined where there will be none. */
export function after(face: Face, word: Word): Face | undefined {
  if (word.said === 'delete') return undefined;
  if (word.said === 'dismiss') return face;
  return word.said === 'is'
    ? { ...face, status: 'CONFIRMED', identified: word.person, suggested: null }
    : { ...face, status: 'UNIDENTIFIED', identified: null, suggested: null };
}

const judgements: Record<Judgement, (name: string) => string> = {
  is: (name) => `Confirmed as ${name}`,
  isNot: (name) => `Not ${name}`,
  nobody: () => 'Nobody we know',
  noFace: () => 'Not a face',
  dismissed: () => 'Dismissed',
  moved: () => 'Box moved',
  deleted: () => 'Face deleted',
  drawn: () => 'Face drawn',
  split: () => 'Split off',
  merged: () => 'Groups merged',
};

/** `Confirmed as Amara, 12 faces` */
export function decisionInWords({ judgement, person, faces }: Undoable): string {
  const name = person === null ? 'this person' : personName(person);
  const said = judgements[judgement](name);
  return faces === 1 ? said : `${said}, ${counted(faces, 'face')}`;
}
