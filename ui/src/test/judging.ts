// What may be shown of the small world: what waits, by which policies is decided, and what was decided.

import type {
  Chapter,
  Group,
  Members,
  Photo,
  Policy,
  PolicyDraft,
  Role,
  RulingDone,
  SafetyCursor,
  SafetyItem,
  SafetyQuery,
  SafetyQueue,
  SafetyWord,
  Work,
} from '../bindings';
import { refuse } from './backend';
import { hostileFlags } from './hostile';
import { operators, photos } from './world';

type Seen = { id: number; version: string };

const policy = (
  id: number,
  code: string,
  parent: string | null,
  place: number,
  name: string,
  severity: number,
): Policy => ({
  id,
  code,
  version: 1,
  parent,
  place,
  name,
  covers: `What shows ${name.toLowerCase()}.`,
  excludes: 'Art, news and education.',
  severity,
  isRestricted: [code, parent].includes('child_safety'),
  isCurrent: true,
  isRetired: false,
  mayRevise: true,
  writtenBy: 'mei.tanaka',
  writtenAt: '2025-03-04T09:30:00Z',
});

export const policies: Policy[] = [
  policy(1, 'nudity', null, 1, 'Nudity', 2),
  policy(2, 'violence', null, 2, 'Violence', 3),
  policy(3, 'child_safety', null, 5, 'Child safety', 4),
  policy(4, 'spam', null, 7, 'Spam', 1),
  policy(5, 'nudity_explicit', 'nudity', 1, 'Explicit', 3),
  policy(6, 'nudity_bare', 'nudity', 2, 'Bare', 2),
];

const work = (from: string, decided: number): Work => ({
  from,
  decided,
  safe: decided,
  unsafe: 0,
  again: 0,
  reverted: 0,
  overturned: 0,
  late: 0,
  medianSeconds: decided === 0 ? null : 1800,
  looks: decided * 2,
  lookSeconds: decided * 9,
  ownDecided: decided,
  ownLooks: decided,
  ownLookSeconds: decided * 4,
});

/** Since then the first one waits; each later one an hour less. */
const SINCE = Date.UTC(2025, 10, 19, 8);

export function judging(role: () => Role | null) {
  const written: Policy[] = [...policies];
  const made: RulingDone[] = [];
  const elsewhere = new Map<number, SafetyQueue | null>();
  const flagged = () => photos.filter((photo) => photo.unsafe);

  const itemOf = (photo: Photo, index: number): SafetyItem =>
    hostileFlags({
      ...photo,
      queue: 'flagged',
      since: new Date(SINCE + index * 3_600_000).toISOString(),
      isLate: index === 0,
      severity: index % 3,
      reach: (index * 7) % 40,
      assignedBy: null,
      note: null,
      status: 'UNSAFE',
      isSafe: false,
      version: '700',
    });
  const waiting = (queue: SafetyQueue): SafetyItem[] =>
    flagged()
      .map(itemOf)
      .map((item) => (queue === 'proposed' ? { ...item, queue } : item))
      .filter(
        ({ mediaId }) => (elsewhere.has(mediaId) ? elsewhere.get(mediaId) : 'flagged') === queue,
      );
  const isThere = ({ id }: Seen) => photos.some(({ mediaId }) => mediaId === id);
  const decide = (seen: Seen, said: SafetyWord, queue: SafetyQueue | null) => {
    if (!isThere(seen)) refuse('notFound', 'This photo is not there any more.');
    const isProposed =
      said.suspend || policies.some(({ id, isRestricted }) => id === said.policy && isRestricted);
    elsewhere.set(seen.id, isProposed ? 'proposed' : null);
    if (!isProposed)
      made.unshift({
        id: made.length + 1,
        mediaId: seen.id,
        actId: made.length + 1,
        ruling: said.ruling,
        policy: said.policy,
        severity: said.severity,
        reason: said.reason,
        decidedBy: operators.admin.username,
        proposedBy: null,
        decidedAt: '2025-11-20T16:40:00Z',
        source: queue,
        archived: said.archive,
        suspended: false,
        revertedBy: null,
        stands: true,
      });
    return { mediaId: seen.id, auditId: 132, isProposed };
  };

  return {
    flaggedLeft: () => (role() === 'admin' ? waiting('flagged').length : null),
    safetyPolicies: () => {
      const newest = (code: string) =>
        Math.max(...written.filter((one) => one.code === code).map(({ version }) => version));
      return written.map((one) => ({
        ...one,
        isCurrent: !one.isRetired && one.version === newest(one.code),
        mayRevise: role() === 'admin' && !one.isRestricted,
      }));
    },
    revisePolicy: ({ draft: { seen, ...text } }: { draft: PolicyDraft }) => {
      const versions = written.filter(({ code }) => code === text.code);
      if (versions.length !== seen) refuse('conflict', 'Somebody else has revised this policy.');
      const id = written.length + 1;
      written.push({
        ...policy(id, text.code, text.parent, text.place, text.name, text.severity),
        ...text,
        version: seen + 1,
        writtenBy: operators.admin.username,
        writtenAt: '2025-11-20T16:40:00Z',
      });
      return id;
    },
    safetyWaiting: (args: { asked: SafetyQuery; after: SafetyCursor | null; limit: number }) => {
      const all = waiting(args.asked.queue);
      const start = all.findIndex(({ mediaId }) => mediaId === args.after?.id) + 1;
      const items = all.slice(start, start + args.limit);
      const last = items.at(-1);
      const next =
        last !== undefined && start + args.limit < all.length
          ? { key: 0, since: last.since, id: last.mediaId }
          : null;
      return { items, next };
    },
    safetyItem: ({ mediaId, queue }: { mediaId: number; queue: SafetyQueue }) =>
      waiting(queue).find((item) => item.mediaId === mediaId) ??
      refuse('notFound', 'This item is not there any more.'),
    safetyCounts: () =>
      (
        [
          'flagged',
          'reported',
          'appeal',
          'second',
          'confirm',
          'disagreement',
          'failed',
          'mine',
          'sent',
          'proposed',
        ] as const
      ).map((queue) => {
        const all = waiting(queue);
        return {
          queue,
          waiting: all.length,
          late: all.filter(({ isLate }) => isLate).length,
          oldest: all[0]?.since ?? null,
          targetHours: ['mine', 'sent', 'proposed'].includes(queue) ? null : 24,
        };
      }),
    keepSafety: () => [] as string[],
    safetyColleagues: () => [{ username: 'amara.okafor', fullName: 'Amara Okafor' }],
    assignSafety: ({ mediaId, to }: { mediaId: number; to: string | null }) => {
      elsewhere.set(
        mediaId,
        to === null ? 'flagged' : to === operators.admin.username ? 'mine' : 'sent',
      );
      return null;
    },
    reportMedia: ({ media }: { media: number[] }) => media,
    safetyStory: (): Chapter[] => [],
    revealMedia: ({ mediaId }: { mediaId: number }) => ({
      token: `reveal-${mediaId}`,
      expiresInMs: 30_000,
    }),
    concealMedia: () => null,
    revealsLeft: () => ({ items: 108, seconds: 555, ofItems: 120, ofSeconds: 600 }),
    revealBudgets: () => [
      { reviewer: null, category: '', items: 120, seconds: 600, lookSeconds: 20 },
      { reviewer: null, category: 'child_safety', items: 10, seconds: 60, lookSeconds: 5 },
    ],
    setRevealBudget: () => null,
    decideMedia: (args: { seen: Seen; queue: SafetyQueue | null; said: SafetyWord }) =>
      decide(args.seen, args.said, args.queue),
    decideGroup: (args: { seen: Seen[]; queue: SafetyQueue | null; said: SafetyWord }) => ({
      done: args.seen.map((seen) => decide(seen, args.said, args.queue)),
      skipped: [] as { mediaId: number; reason: string }[],
    }),
    safetyGroup: ({ mediaId, group }: { mediaId: number; group: Group }): Members => ({
      hasMore: false,
      members: flagged()
        .filter((photo) => photo.mediaId >= mediaId)
        .slice(0, 4)
        .map((photo, index) => ({
          mediaId: photo.mediaId,
          similarity: group === 'post' || index === 0 ? null : 0.99 - index / 100,
          status: 'UNSAFE',
          isSafe: false,
          isUnsafe: true,
          version: '700',
        })),
    }),
    compareMedia: ({ others }: { others: number[] }) =>
      others.map((mediaId, index) => ({
        mediaId,
        isSame: index < 2,
        distance: index < 2 ? 3 : 24,
      })),
    confirmSafety: ({ seen, agrees }: { seen: Seen[]; agrees: boolean }) => {
      for (const { id } of seen)
        if (agrees) elsewhere.set(id, null);
        else elsewhere.delete(id);
      return {
        done: seen.map(({ id }) => ({ mediaId: id, auditId: 132, isProposed: false })),
        skipped: [] as { mediaId: number; reason: string }[],
      };
    },
    fileAppeal: () => null,
    safetyDecided: () => ({ decisions: made, next: null }),
    revertSafety: ({ decisions }: { decisions: number[] }) =>
      decisions.map((id) => {
        const one = made.find((decision) => decision.id === id) ?? refuse('notFound', 'Gone.');
        one.stands = false;
        one.revertedBy = operators.admin.username;
        elsewhere.delete(one.mediaId);
        return { id, mediaId: one.mediaId, kept: null, restored: 0, left: 0 };
      }),
    safetyProgress: ({ days }: { days: string[] }) => ({
      today: work(days.at(-2) ?? '', made.length),
      hours: [work(days.at(-2) ?? '', made.length)],
      days: days.slice(0, -1).map((day, index) => work(day, index % 9)),
      agreement: [{ code: 'nudity', name: 'Nudity', pairs: 48, named: 31, kappa: 0.62 }],
      exposure: [
        {
          name: 'Nudity',
          decided: 10,
          looks: 15,
          lookSeconds: 84,
          ownDecided: 0,
          ownLooks: 0,
          ownLookSeconds: 0,
        },
      ],
      accuracy: [{ operator: 'mei.tanaka', answered: 20, correct: 19 }],
    }),
    saveSafetyWeek: () => made.length,
  };
}
