// Asks for media that wait, shows them for a while, and tells what was decided.

import {
  MutationObserver,
  createInfiniteQuery,
  createQuery,
  queryOptions,
  type QueryClient,
} from '@tanstack/svelte-query';

import type {
  Budget,
  Group,
  PolicyDraft,
  Region,
  SafetyCursor,
  SafetyDecided,
  SafetyItem,
  SafetyQuery,
  SafetyQueue,
  SafetyWord,
} from '../bindings';
import { dayBounds } from '../components/days';
import { Refusal, ask, commands } from '../host';
import { recount } from '../review/waiting';

const key = ['safety'];

const tell = <T>(client: QueryClient, mutationFn: () => Promise<T>): Promise<T> =>
  new MutationObserver(client, { mutationFn }).mutate();

/** They change a few times a year. */
export const policies = queryOptions({
  queryKey: [...key, 'policies'],
  queryFn: () => ask(commands.safetyPolicies()),
  staleTime: 300_000,
});

export const createPolicies = () => createQuery(() => policies);

/** The version that was written; asks for the tree anew, also where somebody else was faster. */
export const revisePolicy = (client: QueryClient, draft: PolicyDraft) =>
  tell(client, () => ask(commands.revisePolicy(draft))).finally(() =>
    client.invalidateQueries({ queryKey: policies.queryKey }),
  );

export const pageOf = (
  client: QueryClient,
  asked: SafetyQuery,
  after: SafetyCursor | null,
  limit: number,
) =>
  client.fetchQuery({
    queryKey: [...key, 'waiting', asked, after, limit],
    queryFn: () => ask(commands.safetyWaiting(asked, after, limit)),
    // The queue remembers; a page that was asked for again is wanted as it is now.
    staleTime: 0,
    gcTime: 0,
  });

export const reread = (client: QueryClient, { mediaId, queue }: SafetyItem) =>
  client.fetchQuery({
    queryKey: [...key, 'item', mediaId, queue],
    queryFn: () => ask(commands.safetyItem(mediaId, queue)),
    staleTime: 0,
    gcTime: 0,
  });

/** How much waits in each queue; counted anew after a while, and when asked for. */
export const counts = queryOptions({
  queryKey: [...key, 'counts'],
  queryFn: () => ask(commands.safetyCounts()),
  staleTime: 10_000,
  refetchInterval: 30_000,
});

export const createCounts = () => createQuery(() => counts);

/** One was decided, or sent elsewhere. */
export const itemChanged = (client: QueryClient) =>
  Promise.all([
    client.invalidateQueries({ queryKey: counts.queryKey }),
    client.invalidateQueries({ queryKey: [...key, 'decided'] }),
    client.invalidateQueries({ queryKey: [...key, 'progress'] }),
  ]);

/** Something was decided or undone, more than one perhaps. */
export const workChanged = (client: QueryClient) =>
  Promise.all([itemChanged(client), recount(client)]);

export const keep = (held: number[], lookedAt: number | null) =>
  ask(commands.keepSafety(held, lookedAt));

export const storyOf = (mediaId: number) =>
  queryOptions({
    queryKey: [...key, 'story', mediaId],
    queryFn: () => ask(commands.safetyStory(mediaId)),
    staleTime: 10_000,
  });

/** Null stands for none: nothing is asked. */
export const createStory = (mediaId: () => number | null) =>
  createQuery(() => {
    const id = mediaId();
    return { ...storyOf(id ?? 0), enabled: id !== null };
  });

export const membersOf = (mediaId: number, group: Group) =>
  queryOptions({
    queryKey: [...key, 'group', mediaId, group],
    queryFn: () => ask(commands.safetyGroup(mediaId, group)),
    staleTime: 10_000,
  });

export const createMembers = (asked: () => { mediaId: number; group: Group } | null) =>
  createQuery(() => {
    const wish = asked();
    return { ...membersOf(wish?.mediaId ?? 0, wish?.group ?? 'alike'), enabled: wish !== null };
  });

/** Which of others are the same picture, once they are known; null stands for none: nothing is asked. */
export const createComparisons = (asked: () => { mediaId: number; others: number[] } | null) =>
  createQuery(() => {
    const { mediaId, others } = asked() ?? { mediaId: 0, others: [] };
    return {
      queryKey: [...key, 'same', mediaId, others],
      queryFn: () => ask(commands.compareMedia(mediaId, others)),
      enabled: others.length > 0,
      staleTime: 300_000,
    };
  });

export const createColleagues = (wanted: () => boolean) =>
  createQuery(() => ({
    queryKey: [...key, 'colleagues'],
    queryFn: () => ask(commands.safetyColleagues()),
    enabled: wanted(),
    staleTime: 60_000,
  }));

const seenAs = ({ mediaId, version }: Pick<SafetyItem, 'mediaId' | 'version'>) => ({
  id: mediaId,
  version,
});

export const decide = (client: QueryClient, item: SafetyItem, said: SafetyWord) =>
  tell(client, () => ask(commands.decideMedia(seenAs(item), item.queue, said)));

export const decideGroup = (
  client: QueryClient,
  members: readonly Pick<SafetyItem, 'mediaId' | 'version'>[],
  queue: SafetyQueue,
  said: SafetyWord,
): Promise<SafetyDecided> =>
  tell(client, () => ask(commands.decideGroup(members.map(seenAs), queue, said)));

/** Throws where it could not be: of one item that is a refusal like any other. */
export const confirm = (
  client: QueryClient,
  item: SafetyItem,
  agrees: boolean,
  reason: string | null,
) =>
  tell(client, async () => {
    const { skipped } = await ask(commands.confirmSafety([seenAs(item)], agrees, reason));
    const [kept] = skipped;
    if (kept !== undefined) throw new Refusal('conflict', kept.reason);
  });

export const assign = (
  client: QueryClient,
  { mediaId, queue }: SafetyItem,
  to: string | null,
  note: string | null,
) => tell(client, () => ask(commands.assignSafety(mediaId, queue, to, note)));

export const report = (client: QueryClient, media: number[], policy: number, reason: string) =>
  tell(client, () => ask(commands.reportMedia(media, policy, reason)));

export const fileAppeal = (client: QueryClient, mediaId: number, words: string) =>
  tell(client, () => ask(commands.fileAppeal(mediaId, words)));

export const revert = (client: QueryClient, decisions: number[], reason: string) =>
  tell(client, () => ask(commands.revertSafety(decisions, reason)));

const PAGE = 50;

/** What was decided, the newest first; of everybody, or only the operator's own. */
export const createDecided = (own: () => boolean) =>
  createInfiniteQuery(() => ({
    queryKey: [...key, 'decided', own()],
    queryFn: ({ pageParam }: { pageParam: number | null }) =>
      ask(commands.safetyDecided(pageParam, own(), PAGE)),
    initialPageParam: null as number | null,
    getNextPageParam: ({ next }) => next,
  }));

/** How the work of the last `days` days went, with where today begins and ends. */
export const createProgress = (days: number) =>
  createQuery(() => ({
    queryKey: [...key, 'progress', days],
    queryFn: async () => {
      const all = dayBounds(new Date(), days);
      const bounds = all.slice(-2) as [string, string];
      return { bounds, done: await ask(commands.safetyProgress(all)) };
    },
    refetchInterval: 60_000,
  }));

export const saveWeek = (client: QueryClient, begins: string, path: string) =>
  tell(client, () => ask(commands.saveSafetyWeek(begins, path)));

const left = queryOptions({
  queryKey: [...key, 'reveals left'],
  queryFn: () => ask(commands.revealsLeft()),
  // An hour passes by itself.
  refetchInterval: 60_000,
});

/** What the operator may still reveal in this hour. */
export const createRevealsLeft = () => createQuery(() => left);

const budgets = queryOptions({
  queryKey: [...key, 'budgets'],
  queryFn: () => ask(commands.revealBudgets()),
});

export const createBudgets = () => createQuery(() => budgets);

export const setBudget = (client: QueryClient, budget: Budget) =>
  tell(client, async () => {
    await ask(commands.setRevealBudget(budget));
    void client.invalidateQueries({ queryKey: budgets.queryKey });
    void client.invalidateQueries({ queryKey: left.queryKey });
  });

export const reveal = (client: QueryClient, mediaId: number, region: Region | null) =>
  tell(client, () => ask(commands.revealMedia(mediaId, region)));

export const conceal = (client: QueryClient, token: string) =>
  tell(client, async () => {
    await ask(commands.concealMedia(token));
    void client.invalidateQueries({ queryKey: left.queryKey });
  });
