// When the first screen can be worked with; the Rust side measures how long that took.

import type { QueryClient } from '@tanstack/svelte-query';

import { commands } from './host';

/** Tells the Rust side, once, that the first screen has its content. The returned function gives up before that. */
export function announceReady(client: QueryClient): () => void {
  let over = false;
  function look(): void {
    const known = client.getQueryState(['session'])?.status ?? 'pending';
    if (over || known === 'pending' || client.isFetching() > 0) return;
    stop();
    void commands.windowReady();
  }
  // A frame later, because what a screen asks for it asks for when it is drawn.
  const unsubscribe = client.getQueryCache().subscribe(() => requestAnimationFrame(look));
  function stop(): void {
    // Frames that are already on their way find that there is nothing left to tell.
    over = true;
    unsubscribe();
  }
  return stop;
}
