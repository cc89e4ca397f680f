// Ways from a photo to other screens, and to other programs.

import type { QueryClient } from '@tanstack/svelte-query';

import { clip, count, counted } from '../components/text';
import { complain, toast } from '../components/toast';
import { mode } from '../faces/mode.svelte';
import { streamFor } from '../faces/stream.svelte';
import { workThrough } from '../faces/ways';
import { photoOf } from '../photo/api';
import { go, href } from '../route';
import { personOf } from './api';
import type { Search } from './search.svelte';

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

/** As many photos as one queue can be limited to */
const MOST_PHOTOS = 10_000;

/** The faces that wait on the selected photos, or else on all that were found. */
export async function workThroughFound(
  client: QueryClient,
  operator: number,
  { list, selection }: Search,
): Promise<void> {
  if (list === undefined) return;
  try {
    const isSelected = selection.size > 0;
    const media = isSelected ? [...selection.ids] : await list.idsUpTo(MOST_PHOTOS);
    if (!isSelected && media.length < list.total)
      toast(`The first ${count(media.length)} of ${count(list.total)} photos are gone through.`);
    const { text } = list.wish;
    const what = isSelected || text === '' ? counted(media.length, 'photo') : clip(text, 40);
    workThrough(client, operator, { media }, `on ${what}`);
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
