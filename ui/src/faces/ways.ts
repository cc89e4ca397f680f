// The way from other screens to the queues of faces.

import type { QueryClient } from '@tanstack/svelte-query';

import type { Within } from '../bindings';
import { go } from '../route';
import { mode } from './mode.svelte';
import { streamFor } from './stream.svelte';

/** Goes through the faces that wait within something, which `label` names. */
export function workThrough(
  client: QueryClient,
  operator: number,
  within: Within,
  label: string,
): void {
  streamFor(client, operator).narrow(within, label);
  mode.now = 'stream';
  go('faces');
}
