// Decisions that do not hold: taken back, or appealed against. True where the dialog that asked for the words is done.

import type { QueryClient } from '@tanstack/svelte-query';

import { counted } from '../components/text';
import { complain, toast, warn } from '../components/toast';
import { fileAppeal, revert, workChanged } from './api';

export async function takeBack(
  client: QueryClient,
  decisions: number[],
  reason: string,
): Promise<boolean> {
  try {
    const all = await revert(client, decisions, reason);
    const kept = all.flatMap(({ kept }) => kept ?? []);
    const left = all.reduce((sum, one) => sum + one.left, 0);
    const [first] = kept;
    if (first !== undefined) warn(first);
    else if (left > 0)
      warn(
        `Taken back. ${counted(left, 'consequence stays', 'consequences stay')}: somebody changed it since, or another decision wants it.`,
      );
    else toast('Taken back, with what followed from it.');
    return true;
  } catch (thrown) {
    complain(thrown);
    return false;
  } finally {
    void workChanged(client);
  }
}

export async function takeDownAppeal(
  client: QueryClient,
  mediaId: number,
  words: string,
): Promise<boolean> {
  try {
    await fileAppeal(client, mediaId, words);
    toast('The appeal waits for somebody who did not decide before.');
    return true;
  } catch (thrown) {
    complain(thrown);
    return false;
  } finally {
    void workChanged(client);
  }
}
