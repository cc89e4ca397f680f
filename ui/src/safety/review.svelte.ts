// The media that wait: which queue, which one is looked at, and what is about to be said of it.

import type { QueryClient } from '@tanstack/svelte-query';

import { SvelteMap } from 'svelte/reactivity';

import type {
  Group,
  Policy,
  Ruling,
  SafetyCursor,
  SafetyDecided,
  SafetyItem,
  SafetyQuery,
} from '../bindings';
import { counted } from '../components/text';
import { complain, toast, warn } from '../components/toast';
import { media } from '../host';
import { preparePhoto } from '../photo/api';
import { preload } from '../photo/pictures';
import { Spotlight } from '../photo/spotlight.svelte';
import { Ahead } from '../review/ahead';
import { ReviewQueue } from '../review/queue.svelte';
import { oneLess, recount } from '../review/waiting';
import {
  assign,
  conceal,
  confirm,
  counts,
  decide,
  decideGroup,
  itemChanged,
  keep,
  pageOf,
  reread,
  reveal,
  storyOf,
  workChanged,
} from './api';
import { treeOf, type Tree } from './policies';
import { ordersOf } from './queues';
import { Exposure, type Hold } from './reveal.svelte';
import { blank, inWords, isBlank, wordOf, type Draft } from './verdict';

/** So many guarded pictures and stories are fetched before they are needed. */
const PREPARED = 10;
/** Between two looks at who else is there, in milliseconds. */
const COMPANY = 1000;

/** One that can be watched, not only looked at. */
export const isVideo = ({ mediaType }: Pick<SafetyItem, 'mediaType'>): boolean =>
  mediaType === 'VIDEO';

type Queue = ReviewQueue<SafetyItem, SafetyCursor>;

export class SafetyReview {
  asked = $state.raw<SafetyQuery>({ queue: 'flagged', order: 'age' });
  queue: Queue;
  readonly exposure: Exposure;
  /** A look begins anew where it is moved. */
  readonly spotlight = new Spotlight(() => this.exposure.hide());
  /** What is about to be said; kept with the one that it was meant for. */
  draft = $state<Draft>(blank());
  /** The last decision in words, for who listens instead of looking. */
  told = $state('');
  /** The logins of who else looks at the post. */
  company = $state.raw<string[]>([]);
  /** The group whose members are shown before it is decided. */
  group = $state<Group>();
  /** An item is about to be sent to somebody. */
  sending = $state(false);

  /** How far videos were watched, in seconds. */
  // Nothing is drawn from it while it changes.
  // eslint-disable-next-line svelte/prefer-svelte-reactivity
  readonly #watched = new Map<number, number>();
  /** Drafts of decisions that came back. */
  readonly #drafts = new SvelteMap<number, Draft>();
  /** Each queue that was asked for keeps its place. */
  readonly #queues = new SvelteMap<string, Queue>();
  #tree = $state.raw<Tree>(treeOf([]));
  #client: QueryClient;
  #ahead: Ahead<SafetyItem>;

  constructor(client: QueryClient) {
    this.#client = client;
    this.#ahead = new Ahead(client, ({ mediaId }) =>
      Promise.all([
        preparePhoto(client, mediaId),
        preload(media.thumbnail(mediaId)),
        client.prefetchQuery(storyOf(mediaId)),
      ]),
    );
    this.exposure = new Exposure(
      (mediaId, region) => reveal(client, mediaId, region),
      (token) => conceal(client, token),
    );
    this.queue = $state.raw(this.#queueOf(this.asked));
  }

  #queueOf(asked: SafetyQuery): Queue {
    const name = JSON.stringify(asked);
    const known = this.#queues.get(name);
    if (known !== undefined) return known;
    const client = this.#client;
    const queue: Queue = new ReviewQueue<SafetyItem, SafetyCursor>({
      idOf: (item) => item.mediaId,
      page: (after, limit) => pageOf(client, asked, after, limit),
      count: async () => {
        const all = await client.fetchQuery({ ...counts, staleTime: 5000 });
        return all.find(({ queue }) => queue === asked.queue)?.waiting ?? 0;
      },
      reread: (item) => reread(client, item),
      refused: ({ text, item }) =>
        warn(text, item === null ? undefined : { title: 'Show it', run: () => this.look(item) }),
    });
    this.#queues.set(name, queue);
    return queue;
  }

  get item(): SafetyItem | undefined {
    return this.queue.current;
  }

  get tree(): Tree {
    return this.#tree;
  }

  /** The policies by which is decided. */
  learn(all: readonly Policy[]): void {
    this.#tree = treeOf(all);
  }

  /** Another queue, or another order of it. */
  ask(change: Partial<SafetyQuery>): void {
    this.#leave();
    const asked = { ...this.asked, ...change };
    // An order that says nothing there is that by age.
    if (!ordersOf(asked.queue).includes(asked.order)) asked.order = 'age';
    this.asked = asked;
    this.queue = this.#queueOf(this.asked);
    void this.queue.start();
  }

  nextOrder(): void {
    const orders = ordersOf(this.asked.queue);
    const place = orders.indexOf(this.asked.order);
    this.ask({ order: orders[(place + 1) % orders.length] ?? 'age' });
  }

  look(item: SafetyItem): void {
    this.#leave();
    this.queue.show(item);
  }

  skip(): void {
    this.#leave();
    this.queue.skip();
  }

  back(): void {
    this.#leave();
    this.queue.back();
  }

  /** The policies that a digit chooses now: those at the top, or the parts of one. */
  get choices(): Policy[] {
    const { top, partsOf } = this.#tree;
    const within = this.#within;
    const parts = within === undefined ? [] : partsOf(within);
    return parts.length > 0 ? parts : top;
  }

  /** The policy at the top that is open. */
  get #within(): Policy | undefined {
    const { policy } = this.draft;
    if (policy?.parent == null) return policy;
    return this.#tree.top.find(({ code }) => code === policy.parent);
  }

  isWithin(policy: Policy): boolean {
    return this.#within?.code === policy.code;
  }

  choose(policy: Policy): void {
    this.draft.policy = policy;
    this.draft.severity = policy.severity;
  }

  /** From a part to what it is part of, and from there to all. */
  chooseLess(): void {
    const { policy } = this.draft;
    const above = policy?.parent == null ? undefined : this.#within;
    if (above === undefined) this.draft.policy = undefined;
    else this.choose(above);
  }

  graver(by: number): void {
    this.draft.severity = Math.min(4, Math.max(1, this.draft.severity + by));
  }

  decide(item: SafetyItem, ruling: Ruling): void {
    const draft = $state.snapshot(this.draft) as Draft;
    this.#leave();
    this.told = inWords(ruling, draft, item.queue);
    void this.#write(item, draft, async (item) => {
      await decide(this.#client, item, wordOf(ruling, draft));
      oneLess(this.#client, 'safety');
    });
  }

  /** Says yes or no to what somebody else proposed. */
  confirm(item: SafetyItem, agrees: boolean): void {
    const draft = $state.snapshot(this.draft) as Draft;
    const { reason } = wordOf('safe', draft);
    this.#leave();
    this.told = agrees ? 'Confirmed.' : 'Declined.';
    void this.#write(
      item,
      draft,
      this.#moved((item) => confirm(this.#client, item, agrees, reason)),
    );
  }

  /** What the operator proposed is not to be done after all. */
  withdraw(item: SafetyItem): void {
    const draft = $state.snapshot(this.draft) as Draft;
    const { reason } = wordOf('safe', draft);
    this.#leave();
    this.told = 'Withdrawn: it waits where it did before.';
    void this.#write(
      item,
      draft,
      this.#moved((item) => confirm(this.#client, item, false, reason)),
    );
  }

  /** Keeps the item, sends it to somebody, or (null) gives it back to all. */
  assign(item: SafetyItem, to: string | null, note: string | null, told: string): void {
    const draft = $state.snapshot(this.draft) as Draft;
    this.#leave();
    this.told = told;
    void this.#write(
      item,
      draft,
      this.#moved((item) => assign(this.#client, item, to, note)),
    );
  }

  /** It may wait in another queue now: how much waits is counted anew. */
  #moved(write: (item: SafetyItem) => Promise<unknown>) {
    return async (item: SafetyItem) => {
      await write(item);
      void recount(this.#client);
    };
  }

  /** Decides the same of several, and says what stays. */
  async decideAll(
    item: SafetyItem,
    members: readonly Pick<SafetyItem, 'mediaId' | 'version'>[],
    ruling: Ruling,
  ): Promise<void> {
    const draft = $state.snapshot(this.draft) as Draft;
    this.group = undefined;
    try {
      const decided = await decideGroup(this.#client, members, item.queue, wordOf(ruling, draft));
      this.#settle(decided);
    } catch (thrown) {
      complain(thrown);
    } finally {
      void workChanged(this.#client);
    }
  }

  #settle({ done, skipped }: SafetyDecided): void {
    this.#leave();
    for (const { mediaId } of done)
      for (const queue of this.#queues.values()) queue.replace(mediaId, null);
    if (done.length > 0) toast(`${counted(done.length, 'photo is', 'photos are')} decided.`);
    const [first] = skipped;
    if (first !== undefined)
      warn(`${counted(skipped.length, 'photo stays', 'photos stay')} as before. ${first.reason}`);
  }

  hold(item: SafetyItem, by: Hold): void {
    void this.exposure.hold(item.mediaId, this.spotlight.region, by);
  }

  /** Plays all of a video; a spotlight is for what stands still. */
  watch(item: SafetyItem, by: Hold): void {
    void this.exposure.hold(item.mediaId, null, by, true);
  }

  /** Where a video was let go of, in seconds: it goes on from there. */
  watchedTo(mediaId: number): number {
    return this.#watched.get(mediaId) ?? 0;
  }

  note(mediaId: number, seconds: number): void {
    this.#watched.set(mediaId, seconds);
  }

  /** Fetches what the next ones need: guarded pictures, as everything before a reveal. */
  prepare(): void {
    void this.#ahead.prepare(this.queue.ahead.slice(1, PREPARED + 1));
  }

  /** Keeps what is looked at from others, and says who else is there, until the answer is called. */
  attend(): () => void {
    let over = false;
    const look = async () => {
      if (over) return;
      const held = this.queue.ahead.map(({ mediaId }) => mediaId);
      try {
        const company = await keep(held, this.item?.mediaId ?? null);
        if (company.join() !== this.company.join()) this.company = company;
      } catch {
        // The status bar says that PostgreSQL does not answer; the leases end by themselves.
        this.company = [];
      }
      if (!over) setTimeout(() => void look(), COMPANY);
    };
    void look();
    return () => {
      over = true;
    };
  }

  async #write(
    item: SafetyItem,
    draft: Draft,
    write: (item: SafetyItem) => Promise<unknown>,
  ): Promise<void> {
    const written = await this.queue.decide(item, write);
    if (written) {
      void itemChanged(this.#client);
      void this.#client.invalidateQueries({ queryKey: storyOf(item.mediaId).queryKey });
    } else if (this.item?.mediaId === item.mediaId && isBlank(this.draft)) {
      // What was said is not said again.
      this.draft = draft;
    } else if (!isBlank(draft)) {
      this.#drafts.set(item.mediaId, draft);
    }
  }

  /** Takes up what was to be said of this one before, if its decision came back. */
  recall(item: SafetyItem): void {
    const draft = this.#drafts.get(item.mediaId);
    if (draft === undefined) return;
    this.#drafts.delete(item.mediaId);
    this.draft = draft;
  }

  #leave(): void {
    this.exposure.hide();
    this.exposure.problem = undefined;
    this.spotlight.put(null);
    this.draft = blank();
    this.group = undefined;
    this.sending = false;
  }
}

const reviews = new WeakMap<QueryClient, { operator: number; review: SafetyReview }>();

/** One review for as long as an operator is signed in: leaving the screen loses neither place nor decisions. */
export function reviewFor(client: QueryClient, operator: number): SafetyReview {
  const kept = reviews.get(client);
  if (kept?.operator === operator) return kept.review;
  const review = new SafetyReview(client);
  reviews.set(client, { operator, review });
  return review;
}
