import { action } from '../action';

/** What the people screen shows. */
export interface PeopleScreen {
  found: number;
  focusFilter: () => unknown;
  walk: (step: number) => unknown;
  /** Somebody's page is open, and the operator says who is on photos. */
  mayReview: boolean;
  workThrough: (which: 'person' | 'uploader') => unknown;
}

const anyFound = ({ found }: PeopleScreen) => found > 0;

export const focusFilter = action<PeopleScreen>({
  id: 'people.filter',
  title: 'Find a person',
  keys: ['/'],
  run: ({ focusFilter }) => focusFilter(),
});

export const nextPerson = action<PeopleScreen>({
  id: 'people.next',
  title: 'Next person',
  keys: ['ArrowDown', 'j'],
  enabled: anyFound,
  run: ({ walk }) => walk(1),
});

export const previousPerson = action<PeopleScreen>({
  id: 'people.previous',
  title: 'Previous person',
  keys: ['ArrowUp', 'k'],
  enabled: anyFound,
  run: ({ walk }) => walk(-1),
});

export const facesOfPerson = action<PeopleScreen>({
  id: 'people.faces',
  title: 'Faces that may be theirs',
  keys: ['f'],
  enabled: ({ mayReview }) => mayReview,
  run: ({ workThrough }) => workThrough('person'),
});

export const facesOnUploads = action<PeopleScreen>({
  id: 'people.uploads',
  title: 'Faces on their photos',
  keys: ['u'],
  enabled: ({ mayReview }) => mayReview,
  run: ({ workThrough }) => workThrough('uploader'),
});

export const peopleActions = [
  focusFilter,
  nextPerson,
  previousPerson,
  facesOfPerson,
  facesOnUploads,
];
