// Ways from a photo to other screens, and to other programs.

import type { QueryClient } from '@tanstack/svelte-query';

import { clip } from '../components/text';
import { complain, toast } from '../components/toast';
import { mode } from '../faces/mode.svelte';
import { streamFor } from '../faces/stream.svelte';
import { photoOf } from '../photo/api';
import { go, href } from '../route';
import { personOf } from './api';

export async function goToPerson(client: QueryClient, username: string): Promise<void> {
  try {
    const id = await personOf(client, username);
    if (id === null) toast(`There is no page for ${clip(username, 60)}.`);
    else go('people', id);
  } catch (thrown) {
    complain(thrown);
  }
}

/** The photo's first suggested face, else any, becomes the one that is looked at on the faces screen. */
export async function review(
  client: QueryClient,
  operator: number,
  mediaId: number,
): Promise<void> {
  try {
    const { faces } = await client.fetchQuery(photoOf(mediaId));
    const face = faces.find(({ status }) => status === 'SUGGESTED') ?? faces[0];
    if (face === undefined) {
      toast('There is no face on it to review.');
      return;
    }
    streamFor(client, operator).look(face);
    mode.now = 'stream';
    go('faces');
  } catch (thrown) {
    complain(thrown);
  }
}

export function copyLink(mediaId: number): Promise<void> {
  const link = new URL(href('search', mediaId), window.location.href);
  return copy(String(link), 'Link copied.');
}

/** One a line. */
export function copyIds(ids: readonly number[]): Promise<void> {
  return copy(ids.join('\n'), ids.length === 1 ? 'Id copied.' : 'Ids copied.');
}

async function copy(text: string, done: string): Promise<void> {
  try {
    await navigator.clipboard.writeText(text);
    toast(done);
  } catch {
    complain('The clipboard cannot be written.');
  }
}
