// Who is on the photos of the small world: the queues, and what is said of faces.

import type {
  Bounds,
  Conflict,
  Decided,
  Face,
  FaceCursor,
  FaceQuery,
  Judgement,
  Line,
  LineState,
  Person,
  Said,
  Undoable,
  UnknownPerson,
  WaitingFace,
  Wall,
  Within,
} from '../bindings';
import { refuse } from './backend';
import { people, photos } from './world';

type Seen = { id: number; version: string };

const judgementOf = (said: Said): Judgement =>
  typeof said === 'string' ? said : said.is !== undefined ? 'is' : 'isNot';

const someone = (id: number): Person =>
  people.find((person) => person.id === id) ?? refuse('notFound', 'There is no such person.');

const outside: Conflict = {
  kind: 'outside',
  otherFace: null,
  person: null,
  sentence: 'Its box is not within the photo.',
};

/** A face as it waits: with whom the AI suggests, or somebody near. */
export function waitingFace(face: Face): WaitingFace {
  const near = people[(face.id * 3) % 24] ?? null;
  const person = face.status === 'SUGGESTED' ? face.suggested : near;
  return {
    face,
    proposed:
      person === null || face.status === 'CONFIRMED'
        ? null
        : { person, similarity: face.similarity ?? 0.5 + (face.id % 20) / 100 },
    conflicts: face.bounds === null || face.id % 41 === 0 ? [outside] : [],
  };
}

export function deciding() {
  const before = new Map<number, Face>();
  const named = new Map<number, Person>();
  const dismissed = new Set<number>();
  const boxes = new Map<number, Bounds>();
  const gone = new Set<number>();
  const drawn: Face[] = [];
  let line: Line | null = null;
  const pile: (Undoable & { ids: number[] })[] = [];
  const decided = (id: number) => before.has(id);

  const asDecided = (stored: Face): Face => {
    const bounds = boxes.get(stored.id);
    const face = bounds === undefined ? stored : { ...stored, bounds, version: '701' };
    if (!decided(face.id)) return face;
    const identified = named.get(face.id) ?? null;
    return {
      ...face,
      suggested: null,
      identified,
      status: identified ? 'CONFIRMED' : 'UNIDENTIFIED',
    };
  };
  const facesOf = ({ mediaId, faces }: { mediaId: number; faces: Face[] }): Face[] =>
    [...faces, ...drawn.filter((face) => face.mediaId === mediaId)].filter(
      ({ id }) => !gone.has(id),
    );
  const all = () => photos.filter((photo) => !photo.unsafe).flatMap(facesOf);
  const belongs: Record<FaceQuery['queue'], (waiting: WaitingFace) => boolean> = {
    suggested: ({ face }) => face.status === 'SUGGESTED',
    near: ({ face }) => face.status === 'UNIDENTIFIED' && face.id % 2 === 0,
    conflicts: ({ face, conflicts }) => conflicts.length > 0 && !dismissed.has(face.id),
  };
  const within = (limit: Within) => (waiting: WaitingFace) => {
    if (limit === 'all') return true;
    if (limit.person !== undefined) return waiting.proposed?.person.id === limit.person;
    if (limit.media !== undefined) return limit.media.includes(waiting.face.mediaId);
    return photos.some(
      ({ mediaId, uploader }) => mediaId === waiting.face.mediaId && uploader.id === limit.uploader,
    );
  };
  const similarity = ({ proposed }: WaitingFace) => proposed?.similarity ?? -2;
  const waiting = (asked: Pick<FaceQuery, 'queue' | 'within'>) =>
    all()
      .filter(({ id }) => !decided(id))
      .map(waitingFace)
      .filter(belongs[asked.queue])
      .filter(within(asked.within));
  const suggestions = () => waiting({ queue: 'suggested', within: 'all' });

  const decide = (ids: number[], said: Said): Decided => {
    const judgement = judgementOf(said);
    const person =
      typeof said === 'string' ? null : someone(said.is ?? said.isNot ?? people[3]?.id ?? 4);
    for (const id of ids) {
      const face = all().find((face) => face.id === id) ?? refuse('notFound', 'This face is gone.');
      before.set(id, face);
      if (judgement === 'is' && person !== null) named.set(id, person);
    }
    const decisionId = pile.length + 1;
    pile.push({
      decisionId,
      judgement,
      person,
      faces: ids.length,
      decidedAt: '2025-11-20T16:40:00Z',
      ids,
    });
    return { decisionId, done: ids.map((faceId) => ({ faceId, auditId: 131 })), skipped: [] };
  };

  /** Of unknown faces by the number of their group; what was regrouped stands here. */
  const regrouped = new Map<number, number>();
  const groupOf = ({ id }: Face) => regrouped.get(id) ?? 1 + (id % 3);
  const unknown = (group: number) =>
    all().filter(
      (face) => face.status === 'UNIDENTIFIED' && !decided(face.id) && groupOf(face) === group,
    );
  const group = (id: number): UnknownPerson => {
    const faces = unknown(id);
    return { id, faces: faces.length, sample: faces.slice(0, 3).map(({ id }) => id) };
  };
  const groups = () =>
    [...new Set(all().map(groupOf))]
      .map(group)
      .filter(({ faces }) => faces > 0)
      .sort((one, two) => two.faces - one.faces || one.id - two.id);
  const regroup = (faces: readonly number[], into: number | null): number => {
    const target = into ?? Math.max(...groups().map(({ id }) => id)) + 1;
    for (const id of faces) regrouped.set(id, target);
    return target;
  };
  /** Where they were, so that they go back. */
  const groupsBefore = new Map<number, [number, number][]>();
  const noteGroup = (judgement: Judgement, ids: number[]) => {
    const decisionId = pile.length + 1;
    const decidedAt = '2025-11-20T16:40:00Z';
    pile.push({ decisionId, judgement, person: null, faces: ids.length, decidedAt, ids });
    groupsBefore.set(
      decisionId,
      all().flatMap((face) =>
        ids.includes(face.id) ? [[face.id, groupOf(face)] as const] : [],
      ) as [number, number][],
    );
  };
  const aboveLine = (wall: Wall, least: number) =>
    waiting({ queue: wall.queue, within: { person: wall.person } }).filter(
      (face) => similarity(face) >= least,
    );
  /** So many of few nearly all, of many 299. */
  const sampleOf = (above: number) => Math.min(299, Math.ceil(0.95 * above));
  const note = (judgement: Judgement, id: number) => {
    const decisionId = pile.length + 1;
    const decidedAt = '2025-11-20T16:40:00Z';
    pile.push({ decisionId, judgement, person: null, faces: 1, decidedAt, ids: [id] });
    return { faceId: id, decisionId, auditId: 131 };
  };

  return {
    asDecided,
    unknownPeople: () => ({ people: groups().filter(({ faces }) => faces > 1), next: null }),
    unknownFaces: ({ cluster }: { cluster: number }) => ({
      faces: unknown(cluster).map((face, index) => ({ face, similarity: 0.95 - index / 100 })),
      next: null,
    }),
    unknownAlike: ({ cluster }: { cluster: number }) =>
      groups()
        .filter(({ id }) => id !== cluster)
        .slice(0, 3)
        .map((person, index) => ({ person, similarity: 0.66 - index / 10 })),
    nameCluster: ({ cluster, person }: { cluster: number; person: number }) =>
      decide(
        unknown(cluster).map(({ id }) => id),
        { is: person },
      ),
    regroupFaces: ({ faces, into }: { faces: number[]; into: number | null }) => {
      noteGroup('split', faces);
      return regroup(faces, into);
    },
    mergeClusters: ({ cluster, into }: { cluster: number; into: number }) => {
      const faces = unknown(cluster).map(({ id }) => id);
      noteGroup('merged', faces);
      regroup(faces, into);
      return faces;
    },
    facesOf,
    suggestions,
    decidedFaces: () => before.size,
    facesWaiting: (args: { asked: FaceQuery; after: FaceCursor | null; limit: number }) => {
      const { asked, after, limit } = args;
      const sorted = waiting(asked).sort((one, two) => {
        const more = similarity(two) - similarity(one);
        return (asked.order === 'uncertain' ? -more : more) || one.face.id - two.face.id;
      });
      const start = after === null ? 0 : sorted.findIndex(({ face }) => face.id === after.id) + 1;
      const faces = sorted.slice(start, start + limit);
      const last = faces.at(-1);
      const next =
        last !== undefined && start + limit < sorted.length
          ? { certainty: similarity(last), id: last.face.id, impact: 0, person: null }
          : null;
      return { faces, next };
    },
    faceCounts: ({ within }: { within: Within }) => {
      const conflicts = waiting({ queue: 'conflicts', within }).length;
      return {
        suggested: waiting({ queue: 'suggested', within }).length,
        near: waiting({ queue: 'near', within }).length,
        conflicts,
        kinds: [{ kind: 'outside' as const, faces: conflicts }],
      };
    },
    keepFaces: () => [] as string[],
    keepWall: () => [] as string[],
    peopleWaiting: ({ queue }: { queue: FaceQuery['queue'] }) => {
      const counted = new Map<number, { person: Person; faces: number }>();
      for (const { proposed } of waiting({ queue, within: 'all' })) {
        if (proposed === null) continue;
        const { person } = proposed;
        counted.set(person.id, { person, faces: (counted.get(person.id)?.faces ?? 0) + 1 });
      }
      const people = [...counted.values()].sort((one, two) => two.faces - one.faces);
      return { people, next: null };
    },
    faceLine: ({
      wall,
      similarity: least,
    }: {
      wall: Wall;
      similarity: number | null;
    }): LineState => {
      const above = aboveLine(wall, least ?? 1).length;
      return {
        rule: { leastPrecision: 0.99, confidence: 0.95, sample: 20 },
        line,
        need: least === null ? null : { above, sample: sampleOf(above) },
      };
    },
    lineSample: ({ wall, similarity: least }: { wall: Wall; similarity: number }) => {
      const above = aboveLine(wall, least);
      return above
        .sort((one, two) => (one.face.id % 7) - (two.face.id % 7))
        .slice(0, sampleOf(above.length));
    },
    drawLine: ({ similarity, sample }: { similarity: number; sample: number[] }): Line =>
      (line = { similarity, sample: sample.length, correct: sample.length, holds: true }),
    confirmAbove: ({ wall, similarity: least }: { wall: Wall; similarity: number }) =>
      decide(
        aboveLine(wall, least).map(({ face }) => face.id),
        { is: wall.person },
      ),
    faceCalibration: () => ({ slope: 19.6, intercept: -13.7, verdicts: 1240 }),
    faceCandidates: ({ faceId }: { faceId: number }) =>
      [0.81, 0.44, 0.39, 0.31].map((similarity, index) => ({
        person: people[(faceId + index * 5) % 24] as never,
        similarity,
      })),
    confirmedFacesLike: ({ faceId, person }: { faceId: number; person: number }) =>
      all()
        .filter(({ id, identified }) => identified?.id === person && id !== faceId)
        .slice(0, 6)
        .map(({ id, mediaId }, index) => ({
          faceId: id,
          mediaId,
          similarity: 0.88 - index * 0.03,
        })),
    waitingFace: ({ faceId }: { faceId: number }) => {
      const face =
        photos.flatMap(facesOf).find(({ id }) => id === faceId) ??
        refuse('notFound', 'This face is gone.');
      return waitingFace(asDecided(face));
    },
    decideFace: ({ seen, said }: { seen: Seen; said: Said }) => {
      decide([seen.id], said);
      const { judgement, person } = pile.at(-1) ?? refuse('internal', 'Nothing was decided.');
      return { faceId: seen.id, auditId: 131, judgement, person };
    },
    decideFaces: ({ seen, said }: { seen: Seen[]; said: Said }) =>
      decide(
        seen.map(({ id }) => id),
        said,
      ),
    dismissConflicts: ({ seen }: { seen: Seen }) => {
      dismissed.add(seen.id);
      return 131;
    },
    drawingProblem: (): string | null => null,
    moveBox: ({ seen, bounds }: { seen: Seen; bounds: Bounds }) => {
      boxes.set(seen.id, bounds);
      return { ...note('moved', seen.id), bounds, embedding: 'newBox' as const };
    },
    deleteFace: ({ seen }: { seen: Seen }) => {
      gone.add(seen.id);
      return note('deleted', seen.id);
    },
    drawFace: ({ mediaId, bounds }: { mediaId: number; bounds: Bounds }) => {
      const id = 9_000_000 + drawn.length;
      drawn.push({
        id,
        mediaId,
        bounds,
        boundsProblem: null,
        status: 'UNIDENTIFIED',
        identified: null,
        suggested: null,
        similarity: null,
        version: '700',
      });
      return note('drawn', id);
    },
    undoableDecision: (): Undoable | null => {
      const last = pile.at(-1);
      if (last === undefined) return null;
      const { decisionId, judgement, person, faces, decidedAt } = last;
      return { decisionId, judgement, person, faces, decidedAt };
    },
    undoDecision: () => {
      const last =
        pile.pop() ?? refuse('notFound', 'A decision of yours of the last 24 hours is not there.');
      for (const id of last.ids) {
        before.delete(id);
        named.delete(id);
        if (last.judgement === 'moved') boxes.delete(id);
        if (last.judgement === 'deleted') gone.delete(id);
        if (last.judgement === 'drawn') gone.add(id);
      }
      const { decisionId, judgement, ids } = last;
      for (const [id, group] of groupsBefore.get(decisionId) ?? []) regrouped.set(id, group);
      groupsBefore.delete(decisionId);
      return { decisionId, judgement, faces: ids, kept: [] };
    },
  };
}
