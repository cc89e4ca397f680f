// When the first screen can be worked with; the Rust side measures how long that took.

import type { QueryClient } from '@tanstack/svelte-query';

import { commands } from './host';

/** A list that is on its way, or the photo that the screen is about. */
const WAITING = '[aria-busy="true"], [data-picture][data-state="loading"]';

/** Tells the Rust side, once, that the first screen has its content. The returned function gives up before that. */
export function announceReady(client: QueryClient): () => void {
  let frame = requestAnimationFrame(look);
  function look(): void {
    const known = client.getQueryState(['session'])?.status ?? 'pending';
    // What is fetched for later has nobody who waits for it yet.
    const asked = client.isFetching({
      predicate: (query) => query.isActive() && query.meta?.['later'] !== true,
    });
    if (known === 'pending' || asked > 0 || document.querySelector(WAITING) !== null) {
      frame = requestAnimationFrame(look);
    } else {
      void commands.windowReady();
    }
  }
  return () => cancelAnimationFrame(frame);
}
