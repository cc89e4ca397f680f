// The flagged media: which one is looked at, and what is written down about it.

import type { QueryClient } from '@tanstack/svelte-query';

import { SvelteMap } from 'svelte/reactivity';

import type { SafetyItem } from '../bindings';
import { warn } from '../components/toast';
import { media } from '../host';
import { preparePhoto } from '../photo/api';
import { preload } from '../photo/pictures';
import { Ahead } from '../review/ahead';
import { ReviewQueue } from '../review/queue.svelte';
import { conceal, decide, pageOfFlagged, reveal } from './api';
import { Exposure } from './reveal.svelte';

/** So many guarded pictures are fetched before they are needed. */
const PREPARED = 10;
/** Pages of the queue that are searched for one that somebody else decided meanwhile. */
const REREAD = 10;

export class SafetyReview {
  readonly queue: ReviewQueue<SafetyItem, number>;
  readonly exposure: Exposure;
  /** Why, in the admin's words; kept with the one that it was written for. */
  reason = $state('');
  /** The last decision in words, for who listens instead of looking. */
  told = $state('');

  /** Reasons of decisions that came back. */
  readonly #drafts = new SvelteMap<number, string>();
  #client: QueryClient;
  #ahead: Ahead<SafetyItem>;

  constructor(client: QueryClient) {
    this.#client = client;
    this.#ahead = new Ahead(client, ({ mediaId }) =>
      Promise.all([preparePhoto(client, mediaId), preload(media.thumbnail(mediaId))]),
    );
    this.exposure = new Exposure(
      (mediaId) => reveal(client, mediaId),
      (token) => conceal(client, token),
    );
    this.queue = new ReviewQueue({
      idOf: (item) => item.mediaId,
      page: (after, limit) => pageOfFlagged(client, after, limit),
      reread: async ({ mediaId }) => {
        let after: number | null = null;
        for (let page = 0; page < REREAD; page += 1) {
          const { items, next }: Awaited<ReturnType<typeof pageOfFlagged>> = await pageOfFlagged(
            client,
            after,
            100,
          );
          const found = items.find((item) => item.mediaId === mediaId);
          if (found !== undefined || next === null) return found ?? null;
          after = next;
        }
        return null;
      },
      refused: ({ text, item }) =>
        warn(text, item === null ? undefined : { title: 'Show it', run: () => this.look(item) }),
    });
  }

  get item(): SafetyItem | undefined {
    return this.queue.current;
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

  decide(item: SafetyItem, safe: boolean): void {
    const reason = this.reason.trim();
    this.#leave();
    this.told = safe ? 'Decided: safe.' : 'Decided: unsafe.';
    void this.#write(item, safe, reason);
  }

  hold(item: SafetyItem): void {
    void this.exposure.hold(item.mediaId);
  }

  /** Fetches what the next ones need: guarded pictures, as everything before a reveal. */
  prepare(): void {
    void this.#ahead.prepare(this.queue.ahead.slice(0, PREPARED));
  }

  async #write(item: SafetyItem, safe: boolean, reason: string): Promise<void> {
    const written = await this.queue.decide(item, (item) =>
      decide(this.#client, item, safe, reason === '' ? null : reason),
    );
    if (written) {
      void this.#client.invalidateQueries({ queryKey: ['status'] });
    } else if (this.item?.mediaId === item.mediaId && this.reason === '') {
      // What was typed is not typed again.
      this.reason = reason;
    } else if (reason !== '') {
      this.#drafts.set(item.mediaId, reason);
    }
  }

  /** Takes up the reason that was given for this one before, if its decision came back. */
  recall(item: SafetyItem): void {
    const draft = this.#drafts.get(item.mediaId);
    if (draft === undefined) return;
    this.#drafts.delete(item.mediaId);
    this.reason = draft;
  }

  #leave(): void {
    this.exposure.hide();
    this.exposure.problem = undefined;
    this.reason = '';
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
