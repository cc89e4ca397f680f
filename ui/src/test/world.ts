// A small platform in memory: believable people, photos and faces, and some that are anything but.

import type { Bounds, Face, Person, Photo, Role } from '../bindings';
import { hostilePhoto } from './hostile';

const names = [
  'Amara Okafor', 'Dana Petrov', 'Bo Lindqvist', 'Chidi Eze', 'Mei Tanaka', 'Luís Carvalho', 'Fatima Zahra', 'Jonas Weber',
  'Priya Raman', 'Olu Adeyemi', 'Sofia Rossi', 'Henrik Aalto', 'Noor Haddad', 'Tomás Herrera', 'Ines Dubois', 'Kofi Mensah',
  'Yuki Sato', 'Elena Popescu', 'Marek Nowak', 'Zuri Kamau', 'Anouk de Vries', 'Rafael Costa', 'Leila Nazari', 'Viktor Horvat',
]; // prettier-ignore
const departments = ['Design', 'Engineering', 'People', 'Sales', null, 'Research'];
const titles = [
  'Summer offsite in Lisbon',
  'Design week',
  'New office, first day',
  'Charity run 2025',
  'Harvest dinner',
  'Workshop with the Nairobi team',
];
const captions = [
  'Two colleagues laughing over coffee on a terrace above the harbour.',
  'A team stands around a whiteboard covered with sticky notes.',
  'Runners at the start line in the early morning, breath visible in the cold air.',
  'A long table under lanterns, set for thirty.',
  'Three people on a beach at sunset, one of them holding a kite.',
  'Portrait of a man in a blue jacket in front of a brick wall.',
];
const tagSets = [
  ['coffee', 'terrace', 'harbour', 'laughing'],
  ['whiteboard', 'workshop', 'sticky notes'],
  ['running', 'morning', 'crowd', 'sport', 'winter'],
  ['dinner', 'lanterns', 'table'],
  ['beach', 'sunset', 'kite', 'sea', 'friends'],
  ['portrait', 'brick wall'],
];
const scenes = [
  ['outdoor', 'city'],
  ['office'],
  ['street'],
  ['indoor', 'evening'],
  ['beach'],
  ['street'],
];

/** One of the list, over and over. */
function pick<T>(list: readonly T[], index: number): T {
  const item = list[index % list.length];
  if (item === undefined) throw new Error('nothing to pick from');
  return item;
}

const hostile = {
  turned: '\u202Egnp.elif\u202C\u202E and never turned back',
  markup: '<img src=x onerror="alert(1)"><script>alert(2)</' + 'script>&amp;',
  invisible: '\u200B\u200D\u2060\u200B',
  stacked:
    'Z\u0351\u036b\u0343\u036a\u0302\u036b\u033d\u034f\u0334\u0319\u0324\u031e\u0349\u035a\u032f\u031e\u0320\u034da\u036b\u0357\u0334\u0362\u0335\u031c\u0330\u0354l\u0368\u0367\u0369\u0358\u0320g\u0311\u0357\u030e\u0305\u035b\u0341\u0334\u033b\u0348\u034d\u0354\u0339o',
  emoji: '👩‍👩‍👧‍👦🏳️‍🌈🧑🏿‍🚀 family outing 🎉🎉🎉',
};

export const people: Person[] = [
  ...names.map((fullName, index) => ({
    id: index + 1,
    username: fullName
      .normalize('NFD')
      .replace(/[^\p{L} ]/gu, '')
      .toLowerCase()
      .replaceAll(' ', '.'),
    fullName,
    department: pick(departments, index),
    enrolled: index % 4 !== 3,
  })),
  { id: 101, username: 'rtl', fullName: hostile.turned, department: 'Design', enrolled: false },
  {
    id: 102,
    username: 'markup',
    fullName: hostile.markup,
    department: hostile.markup,
    enrolled: true,
  },
  {
    id: 103,
    username: 'invisible',
    fullName: hostile.invisible,
    department: null,
    enrolled: false,
  },
  {
    id: 104,
    username: 'longname'.repeat(40),
    fullName: 'A very long name '.repeat(200),
    department: 'X'.repeat(900),
    enrolled: true,
  },
];

const shapes: [number, number][] = [[4000, 3000], [3000, 4000], [4000, 2250], [2400, 2400], [4000, 2667], [2667, 4000]]; // prettier-ignore

export const size = (mediaId: number) => {
  const [width, height] = pick(shapes, mediaId);
  return { width, height };
};

function boxes(mediaId: number): Bounds[] {
  const { width, height } = size(mediaId);
  const many = 1 + (mediaId % 3);
  const side = Math.round(Math.min(width / (many + 1), height / 3));
  return Array.from({ length: many }, (_, index) => ({
    x: Math.round((width / many) * (index + 0.5) - side / 2),
    y: Math.round(height * 0.3 + (index % 2) * side * 0.3),
    width: side,
    height: Math.round(side * 1.2),
  }));
}

function face(mediaId: number, index: number, bounds: Bounds): Face {
  const who = pick(people.slice(0, names.length), mediaId * 5 + index * 7);
  const status = pick(['SUGGESTED', 'CONFIRMED', 'UNIDENTIFIED'] as const, mediaId + index);
  return {
    id: mediaId * 10 + index,
    mediaId,
    bounds,
    boundsProblem: null,
    status,
    identified: status === 'CONFIRMED' ? who : null,
    suggested: status === 'SUGGESTED' ? who : null,
    similarity: status === 'UNIDENTIFIED' ? null : 0.7 + ((mediaId * 7 + index * 3) % 15) / 100,
    version: '700',
  };
}

function photo(mediaId: number): Photo {
  const [width, height] = pick(shapes, mediaId);
  return {
    mediaId,
    postId: 5000 + Math.floor(mediaId / 3),
    postTitle: pick(titles, Math.floor(mediaId / 3)),
    mediaType: 'IMAGE',
    width,
    height,
    unsafe: mediaId % 17 === 0,
    caption: pick(captions, mediaId),
    tags: pick(tagSets, mediaId),
    scenes: pick(scenes, mediaId),
    uploader: pick(people, mediaId),
    createdAt: new Date(Date.UTC(2025, 10, 20, 9, 30) - mediaId * 3_600_000 * 7).toISOString(),
    faces: boxes(mediaId).map((bounds, index) => face(mediaId, index, bounds)),
  };
}

/** Photos from `platform.py load --hostile` look like these. */
const strange: Partial<Photo>[] = [
  { caption: 'All work and no play makes a dull caption. '.repeat(25_000) },
  { tags: Array.from({ length: 500 }, (_, index) => `tag number ${index}`) },
  { tags: ['x'.repeat(10_000), hostile.turned, hostile.markup, hostile.emoji] },
  { caption: hostile.markup, postTitle: hostile.turned },
  { caption: hostile.stacked.repeat(20), postTitle: hostile.emoji },
  {
    caption: hostile.invisible,
    postTitle: null,
    tags: [hostile.invisible],
    width: null,
    height: null,
  },
];

const ordinary: Photo[] = Array.from({ length: 400 }, (_, index) => ({
  ...photo(index + 1),
  ...(index >= 20 && index < 20 + strange.length ? strange[index - 20] : {}),
}));

/** A crowd, in which names have no room. */
const crowd: Photo = {
  ...photo(404),
  faces: Array.from({ length: 60 }, (_, index) =>
    face(404, index, {
      x: 60 + (index % 12) * 320,
      y: 120 + Math.floor(index / 12) * 420,
      width: 180,
      height: 220,
    }),
  ),
};

export const photos: Photo[] = [
  ...ordinary,
  { ...photo(401), ...strange[1] },
  hostilePhoto({ ...photo(402), ...strange[0] }, pick(people, 0), people.slice(names.length)),
  crowd,
];

export const operators = {
  staff: { userId: 4, username: 'chidi.eze', fullName: 'Chidi Eze', role: 'staff' },
  moderator: { userId: 3, username: 'bo.lindqvist', fullName: 'Bo Lindqvist', role: 'moderator' },
  admin: { userId: 5, username: 'mei.tanaka', fullName: 'Mei Tanaka', role: 'admin' },
} as const satisfies Record<Role, unknown>;
