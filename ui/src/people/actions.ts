import { action } from '../action';
import type { Enrolment, EnrolmentEntry } from '../bindings';
import type { EnrolmentDesk } from './enrolment.svelte';

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

/** What the enrolment of a person shows when a key is pressed. */
export interface EnrolmentStand {
  desk: EnrolmentDesk;
  enrolment: Enrolment | undefined;
  /** The preview is there, and says what would change. */
  previewed: boolean;
  /** The operator may change enrolments. */
  admin: boolean;
}

const ready = ({ desk, enrolment, admin }: EnrolmentStand) =>
  admin && enrolment !== undefined && !desk.writing;

/** There is something before the newest state, or it was the first by an operator. */
const changed = ([last, before]: EnrolmentEntry[]) =>
  before !== undefined || (last !== undefined && last.origin !== 'service');

export const chooseFace = action<EnrolmentStand>({
  id: 'people.enrol',
  title: 'Enrol from a confirmed face',
  keys: ['e'],
  enabled: ({ desk, enrolment }) => enrolment !== undefined && !desk.choosing && !desk.writing,
  run: ({ desk }) => desk.choose(),
});

export const saveEnrolment = action<EnrolmentStand>({
  id: 'people.enrol-save',
  title: 'Save the enrolment',
  keys: ['Ctrl+Enter'],
  enabled: (stand) => ready(stand) && stand.previewed,
  run: ({ desk, enrolment }) => desk.save(enrolment),
});

export const leaveEnrolment = action<EnrolmentStand>({
  id: 'people.enrol-leave',
  title: 'Leave it as it is',
  keys: ['Escape'],
  enabled: ({ desk }) => (desk.choosing || desk.source !== undefined) && !desk.writing,
  run: ({ desk }) => desk.leave(),
});

export const switchActive = action<EnrolmentStand>({
  id: 'people.enrol-switch',
  title: 'Make the enrolment active or inactive',
  keys: ['i'],
  enabled: (stand) => ready(stand) && stand.enrolment?.present != null,
  run: ({ desk, enrolment }) => desk.turn(enrolment),
});

export const undoEnrolling = action<EnrolmentStand>({
  id: 'people.enrol-undo',
  title: 'Take back your last change of the enrolment',
  keys: ['z', 'Ctrl+z'],
  enabled: (stand) => ready(stand) && changed(stand.enrolment?.history ?? []),
  run: ({ desk, enrolment }) => desk.undo(enrolment),
});

export const enrolmentActions = [
  chooseFace,
  saveEnrolment,
  leaveEnrolment,
  switchActive,
  undoEnrolling,
];
