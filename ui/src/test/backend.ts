// Answers commands as the Rust side would, from the small world. For tests and for looking at screens without a database.

import { mockConvertFileSrc, mockIPC } from '@tauri-apps/api/mocks';

import type { Code, commands, Role } from '../bindings';
import type { Answer, Told } from '../host';
import { deciding } from './deciding';
import { enrolling } from './enrolling';
import { finding } from './finding';
import { judging } from './judging';
import { progressing } from './progressing';
import { operators, people, photos, size } from './world';

type Commands = typeof commands;

/** A method, because each command knows its own arguments more closely than `object`. */
type Answering<T> = { answer(args: object): T | Promise<T> }['answer'];

/** What each command answers; a test replaces those that it is about. */
export type Answers = { [K in keyof Commands]: Answering<Answer<K>> };

/** The Rust side's way to say no. */
export function refuse(code: Code, message: string): never {
  throw { code, message };
}

function page<T>(
  all: readonly T[],
  after: string | null,
  limit: number,
): { slice: T[]; next: string | null } {
  const start = after === null ? 0 : Number(after);
  const end = start + limit;
  return { slice: all.slice(start, end), next: end < all.length ? String(end) : null };
}

const ok = { state: 'ok', message: 'Answers in 3 ms.' } as const;

const system: Answer<'system'> = {
  version: '0.1.0',
  schemaVersion: 4,
  postgres: { version: '18.0', pgvector: '0.8.5', database: 'kaleidoscope' },
  elasticsearch: { url: 'http://127.0.0.1:9200', version: '8.19.21', health: ok },
  indices: [
    { name: 'media_search', generation: 'media_search-000003', documents: 2113, rows: 2113 },
    { name: 'face_search', generation: 'face_search-000002', documents: 4871, rows: 4874 },
    { name: 'post_search', generation: null, documents: null, rows: 240 },
  ],
  queues: [
    { name: 'media_search', kind: 'readModel', waiting: 0, oldestSeconds: null, deadLetters: 0 },
    { name: 'face_search', kind: 'readModel', waiting: 12, oldestSeconds: 1, deadLetters: 0 },
    { name: 'media_search', kind: 'index', waiting: 3, oldestSeconds: 4, deadLetters: 0 },
    { name: 'face_search', kind: 'index', waiting: 1204, oldestSeconds: 312, deadLetters: 2 },
    { name: 'face_matching', kind: 'task', waiting: 38, oldestSeconds: 6, deadLetters: 0 },
    { name: 'feeds', kind: 'task', waiting: 0, oldestSeconds: null, deadLetters: 0 },
    { name: 'media_search_text', kind: 'index', waiting: 0, oldestSeconds: null, deadLetters: 0 },
  ],
  workers: [{ name: 'worker-1', seenSecondsAgo: 1 }],
};

const counted = { missing: 0, stale: 0, ghosts: 0 };

const upkeep: Answer<'upkeep'> = {
  indices: ['media_search', 'face_search'].map((name, index) => ({
    name,
    backlog: index * 1216,
    oldestSeconds: index === 0 ? null : 312,
    documentsPerSecond: index * 210.5,
    conflicts: index * 3,
    deadLetters: index * 2,
    lastCheck: {
      index: name,
      at: '2025-11-20T16:00:00Z',
      seconds: 4.2,
      rows: counted,
      documents: { ...counted, stale: index },
      repaired: index === 1,
      problem: null,
    },
    generations: [
      { name: `${name}-g3`, state: 'live', problem: null, since: '2025-11-19T09:00:00Z' },
      { name: `${name}-g2`, state: 'previous', problem: null, since: '2025-11-02T09:00:00Z' },
    ],
  })),
  jobs: [
    {
      id: 1,
      kind: 'rebuild',
      index: 'face_search',
      state: 'running',
      cancelling: false,
      step: 'documents',
      done: 1800,
      total: 4874,
      outcome: null,
      askedBy: 'chidi',
      askedAt: '2025-11-20T16:30:00Z',
      finishedAt: null,
      waitsFor: null,
    },
    {
      id: 2,
      kind: 'check',
      index: 'media_search',
      state: 'waiting',
      cancelling: false,
      step: null,
      done: 0,
      total: 0,
      outcome: null,
      askedBy: 'chidi',
      askedAt: '2025-11-20T16:31:00Z',
      finishedAt: null,
      waitsFor: 'elasticsearch',
    },
  ],
};

const samples: Answer<'queueSamples'> = Array.from({ length: 60 }, (_, index) => ({
  at: new Date(Date.UTC(2025, 10, 20, 15, 40) + index * 60_000).toISOString(),
  kind: 'index',
  name: 'face_search',
  waiting: index * 20,
  oldestSeconds: index * 5,
  documents: 600,
  conflicts: 0,
}));

const letters: Answer<'deadLetters'> = [
  {
    kind: 'index',
    name: 'face_search',
    key: '12',
    reason: 'document_parsing_exception: failed to parse field [created_at]',
    attempts: 1,
    at: '2025-11-20T15:00:00Z',
  },
];

const activity: Answer<'activity'> = Array.from({ length: 130 }, (_, index) => {
  const media = photos[index];
  const kind = index % 4;
  return {
    id: 130 - index,
    at: new Date(Date.UTC(2025, 10, 20, 16, 40) - index * 540_000).toISOString(),
    operator: index % 3 === 0 ? 'mei.tanaka' : 'bo.lindqvist',
    role: index % 3 === 0 ? 'admin' : 'moderator',
    action: ['faces.confirm', 'faces.reject', 'safety.reveal', 'safety.decide'][kind] ?? '',
    subject: kind < 2 ? `face ${media?.faces[0]?.id ?? 0}` : `media ${media?.mediaId ?? 0}`,
    before:
      (
        [
          { status: 'SUGGESTED', suggested_user_id: 4 },
          { status: 'SUGGESTED' },
          null,
          { status: 'UNSAFE', is_safe: false },
        ] as Answer<'activity'>[number]['before'][]
      )[kind] ?? null,
    after:
      (
        [
          { status: 'CONFIRMED', identified_user_id: 4 },
          { status: 'UNIDENTIFIED' },
          null,
          { status: 'COMPLETED', is_safe: true },
        ] as Answer<'activity'>[number]['before'][]
      )[kind] ?? null,
    reason: kind === 3 ? 'Beach photo, nothing wrong with it.' : null,
  };
});

/** A backend with an operator already signed in, or none. */
export function backend(start: Role | null): Answers {
  let role = start;
  const onScreen = () => photos.filter((photo) => !photo.unsafe || role === 'admin');
  const { asDecided, facesOf, suggestions, decidedFaces, ...faces } = deciding();
  const { now, ...found } = finding(onScreen, () => role);
  const { flaggedLeft, ...judged } = judging(() => role);

  return {
    session: () => ({
      operator: role === null ? null : operators[role],
      sampleOperators: ['staff', 'moderator', 'admin'],
      connection: {
        host: 'db.example.org',
        port: 5432,
        database: 'kaleidoscope',
        username: 'bo.lindqvist',
        remembered: false,
      },
      problem: null,
    }),
    signIn: ({ request }: { request: Told<'signIn'>[0] }) => {
      if (request.password !== 'correct')
        refuse('signIn', 'The user name or the password is wrong.');
      role = 'moderator';
      return operators[role];
    },
    signInAsSample: (args: { role: Role }) => {
      role = args.role;
      return operators[role];
    },
    signOut: () => (role = null),
    status: () => ({
      postgres: ok,
      elasticsearch: ok,
      readModelQueue: 12,
      indexQueue: 1207,
    }),
    waiting: () => ({
      faces: role === 'staff' ? null : suggestions().length,
      safety: flaggedLeft(),
    }),
    pictureSize: ({ mediaId }: { mediaId: number }) => size(mediaId),
    photo: ({ mediaId }: { mediaId: number }) => {
      const photo =
        photos.find((photo) => photo.mediaId === mediaId) ??
        refuse('notFound', 'There is no such photo, or you may not see it.');
      return { ...now(photo), faces: facesOf(photo).map(asDecided) };
    },
    ...faces,
    ...enrolling(),
    ...progressing(() => role, decidedFaces),
    findPeople: ({ text }: { text: string }) =>
      people
        .filter(({ fullName, username }) =>
          `${fullName} ${username}`.toLowerCase().includes(text.toLowerCase()),
        )
        .slice(0, 20),
    ...judged,
    ...found,
    people: ({ text, after, limit }: { text: string; after: string | null; limit: number }) => {
      const found = people.filter(({ fullName, username }) =>
        `${fullName} ${username}`.toLowerCase().includes(text.toLowerCase()),
      );
      const { slice, next } = page(found, after, limit);
      return { total: found.length, people: slice, next };
    },
    person: ({ userId }: { userId: number }) => ({
      person:
        people.find(({ id }) => id === userId) ?? refuse('notFound', 'There is no such person.'),
      designation: 'Product designer',
      bio: 'Draws things, then draws them again. Usually found near the coffee machine.',
      accountStatus: 'ACTIVE',
      role: 'USER',
      joinedAt: '2023-02-11T09:00:00Z',
      enrolledAt: userId % 4 === 0 ? null : '2024-05-03T12:30:00Z',
      onPhotos: {
        media: onScreen()
          .filter(({ faces }) => faces.some(({ identified }) => identified?.id === userId))
          .map(({ mediaId }) => mediaId),
        next: null as string | null,
      },
      uploaded: {
        media: onScreen()
          .filter(({ uploader }) => uploader.id === userId)
          .map(({ mediaId }) => mediaId),
        next: null as string | null,
      },
    }),
    personPhotos: () => ({ media: [], next: null }),
    activity: ({ before, limit }: { before: number | null; limit: number }) =>
      activity.filter(({ id }) => before === null || id < before).slice(0, limit),
    verifyAudit: () => ({ entries: activity.length, brokenAt: null }),
    windowReady: () => null,
    system: () => system,
    upkeep: () => upkeep,
    queueSamples: () => samples,
    recall: () => [
      {
        index: 'media_search',
        engine: 'elasticsearch' as const,
        recallAt10: 0.994,
        sample: 50,
        measuredAt: '2026-03-01T12:00:00Z',
      },
    ],
    startJob: () => upkeep.jobs.length + 1,
    cancelJob: () => null,
    deadLetters: () => letters,
    replayDeadLetters: () => letters.length,
  };
}

const snake = (name: string) => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);

/** Puts the answers in the place of the Rust side, and the mock pictures in that of `media://`. */
export function serve(answers: Answers): void {
  const byCommand = new Map(Object.entries(answers).map(([name, answer]) => [snake(name), answer]));
  mockIPC(async (command, args) => {
    // Folders of the operator's computer
    if (command === 'plugin:path|resolve_directory') return '/downloads';
    if (command === 'plugin:path|join') return (args as { paths: string[] }).paths.join('/');
    const answer = byCommand.get(command);
    if (answer === undefined) throw new Error(`no command ${command}`);
    return answer((args ?? {}) as object);
  });
  mockConvertFileSrc('linux');
  // The real one answers media://localhost/; a page on the development server can only ask that server.
  const internals = (
    window as unknown as { __TAURI_INTERNALS__: { convertFileSrc: (path: string) => string } }
  ).__TAURI_INTERNALS__;
  internals.convertFileSrc = (path) => `/mock-media/${path}`;
}
