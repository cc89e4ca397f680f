// With which faces the people of the small world are enrolled, and what becomes of it.

import type {
  Enrolment,
  EnrolmentEntry,
  EnrolmentOrigin,
  EnrolmentPreview,
  EnrolmentSource,
  FaceToEnrol,
  FlipKind,
} from '../bindings';
import { refuse } from './backend';
import { people, photos } from './world';

type State = Pick<EnrolmentEntry, 'isActive' | 'faceId'>;

export function enrolling() {
  const histories = new Map<number, EnrolmentEntry[]>();
  /** Changes that were taken back, and those that took them back. */
  const settled = new Set<number | null>();
  let last = 100;

  const entry = (
    origin: EnrolmentOrigin,
    { isActive, faceId }: State,
    at: string,
  ): EnrolmentEntry => ({
    id: ++last,
    origin,
    isActive,
    faceId,
    enrolledAt: at,
    restores: null,
    writtenBy: origin === 'service' ? null : 'mei.tanaka',
    writtenAt: at,
    similarity: origin === 'service' ? 0.83 : 1,
  });
  const historyOf = (userId: number): EnrolmentEntry[] => {
    const known = histories.get(userId);
    if (known !== undefined) return known;
    const enrolled = people.find(({ id }) => id === userId)?.enrolled ?? false;
    const first = entry('service', { isActive: true, faceId: null }, '2024-05-03T12:30:00Z');
    histories.set(userId, enrolled ? [first] : []);
    return historyOf(userId);
  };
  const versionOf = (userId: number) => String(800 + historyOf(userId).length);

  const write = (userId: number, seen: string | null, made: EnrolmentEntry) => {
    const history = historyOf(userId);
    if (seen !== (history.length > 0 ? versionOf(userId) : null))
      refuse('conflict', 'mei.tanaka has changed the enrolment meanwhile. Look at it again.');
    histories.set(userId, [made, ...history]);
    return 140;
  };
  const now = '2025-11-20T16:45:00Z';
  const confirmed = (userId: number) =>
    photos
      .filter((photo) => !photo.unsafe)
      .flatMap(({ faces }) => faces)
      .filter(({ status, identified }) => status === 'CONFIRMED' && identified?.id === userId);

  return {
    personEnrolment: ({ userId }: { userId: number }): Enrolment => {
      const history = historyOf(userId);
      const [top] = history;
      const present =
        top === undefined
          ? null
          : {
              version: versionOf(userId),
              isActive: top.isActive,
              enrolledAt: top.enrolledAt ?? now,
              faceId: top.faceId,
              hasPicture: top.faceId === null,
            };
      return { present, history };
    },
    facesToEnrol: ({ userId }: { userId: number }): FaceToEnrol[] =>
      confirmed(userId)
        .slice(0, 60)
        .map(({ id, mediaId, version, similarity, bounds }) => ({
          faceId: id,
          mediaId,
          version,
          similarity,
          width: bounds?.width ?? null,
          height: bounds?.height ?? null,
        })),
    previewEnrolment: ({
      userId,
    }: {
      userId: number;
      source: EnrolmentSource;
    }): EnrolmentPreview => {
      const others = people.filter(({ id, enrolled }) => enrolled && id !== userId).slice(0, 5);
      const faces = photos.flatMap(({ faces }) => faces).filter(({ id }) => id % 9 === userId % 9);
      const kinds: FlipKind[] = ['gained', 'lost', 'doubtful', 'drawn'];
      return {
        similarity: 0.83,
        neighbours: others.map((person, index) => ({ person, similarity: 0.74 - index * 0.09 })),
        warning:
          'dana.petrov is enrolled with a face that is 0.74 similar: faces of one may be suggested as the other.',
        flips: kinds.map((kind, index) => ({
          kind,
          faces: index === 0 ? 31 : 3,
          shown: faces
            .slice(index * 24, index * 24 + (index === 0 ? 24 : 3))
            .map(({ id, mediaId, suggested, identified }, place) => ({
              faceId: id,
              mediaId,
              person: identified ?? suggested,
              now: 0.66,
              then: 0.81 - place / 100,
              isDecided: index > 1,
            })),
        })),
        lookedAt: 4312,
        isPartial: true,
      };
    },
    enrol: (args: { userId: number; source: EnrolmentSource; seen: string | null }) => {
      const { userId, source, seen } = args;
      if (source.face !== undefined)
        return write(userId, seen, entry('face', { isActive: true, faceId: source.face.id }, now));
      const to =
        historyOf(userId).find(({ id }) => id === source.entry) ??
        refuse('notFound', 'This earlier enrolment is not there any more.');
      return write(userId, seen, { ...entry('rollback', to, now), restores: to.id });
    },
    switchEnrolment: (args: { userId: number; active: boolean; seen: string }) => {
      const { userId, active, seen } = args;
      const [top] = historyOf(userId);
      const made = entry('switch', { isActive: active, faceId: top?.faceId ?? null }, now);
      return write(userId, seen, made);
    },
    undoEnrolment: ({ userId, seen }: { userId: number; seen: string | null }) => {
      const history = historyOf(userId);
      const place = history.findIndex(({ id }) => !settled.has(id));
      const undone = history[place];
      if (undone === undefined || undone.writtenBy === null)
        return refuse('notFound', 'There is no change of yours to take back.');
      const before = history[place + 1];
      const made =
        before === undefined
          ? entry('switch', { isActive: false, faceId: null }, now)
          : { ...entry('rollback', before, now), restores: before.id };
      const written = write(userId, seen, made);
      settled.add(undone.id).add(made.id);
      return written;
    },
  };
}
