// Asks for flagged media, shows them for a while, and tells decisions.

import { MutationObserver, type QueryClient } from '@tanstack/svelte-query';

import type { SafetyItem } from '../bindings';
import { ask, commands } from '../host';

const key = ['safety'];

export const pageOfFlagged = (client: QueryClient, after: number | null, limit: number) =>
  client.fetchQuery({
    queryKey: [...key, 'waiting', after, limit],
    queryFn: () => ask(commands.safetyWaiting(after, limit)),
    // The queue remembers; a page that was asked for again is wanted as it is now.
    staleTime: 0,
    gcTime: 0,
  });

export const decide = (
  client: QueryClient,
  item: SafetyItem,
  safe: boolean,
  reason: string | null,
) =>
  new MutationObserver(client, {
    mutationFn: () =>
      ask(commands.decideMedia({ id: item.mediaId, version: item.version }, safe, reason)),
  }).mutate();

export const reveal = (client: QueryClient, mediaId: number) =>
  new MutationObserver(client, { mutationFn: () => ask(commands.revealMedia(mediaId)) }).mutate();

export const conceal = (client: QueryClient, token: string) =>
  new MutationObserver(client, { mutationFn: () => ask(commands.concealMedia(token)) }).mutate();
