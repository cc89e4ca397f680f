// What the next items of a queue need is fetched while nobody waits for anything else: the nearest first, one after the other.

import type { QueryClient } from '@tanstack/svelte-query';

/** What is looked at is drawn first, which takes all that the machine has; in milliseconds. */
const DRAWING = 150;

export class Ahead<Item> {
  #client: QueryClient;
  #fetch: (item: Item) => Promise<unknown>;
  #turn = 0;

  /** `fetch` keeps its failures to itself: whoever comes to the item asks again. */
  constructor(client: QueryClient, fetch: (item: Item) => Promise<unknown>) {
    this.#client = client;
    this.#fetch = fetch;
  }

  /** These instead of those that were asked for before. */
  async prepare(items: readonly Item[]): Promise<void> {
    const turn = ++this.#turn;
    await new Promise((resolve) => setTimeout(resolve, DRAWING));
    for (const item of items) {
      await quiet(this.#client);
      if (turn !== this.#turn) return;
      await this.#fetch(item);
    }
  }
}

/** Once what the screen itself asked for is there. */
function quiet(client: QueryClient): Promise<void> {
  const isBusy = () => client.isFetching({ predicate: (query) => query.isActive() }) > 0;
  return new Promise((resolve) => {
    // Not at once: what has just come asks for more.
    setTimeout(() => {
      if (!isBusy()) return resolve();
      const leave = client.getQueryCache().subscribe(() => {
        if (isBusy()) return;
        leave();
        resolve();
      });
    });
  });
}
