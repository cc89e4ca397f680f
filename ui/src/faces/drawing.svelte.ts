// Drawing a face on a photo outside the stream, where the AI may have found none. The new face is looked at in the stream then.

import type { QueryClient } from '@tanstack/svelte-query';

import { complain, toast } from '../components/toast';
import { photoOf } from '../photo/api';
import { BoxEditor } from '../photo/editor.svelte';
import { go } from '../route';
import { decisionsChanged, drawFace, reread } from './api';
import { mode } from './mode.svelte';
import { streamFor } from './stream.svelte';

export function faceDrawing(
  client: QueryClient,
  operator: number,
  mediaId: () => number,
  noDrawing: () => string | null,
): BoxEditor {
  const editor: BoxEditor = new BoxEditor({
    mediaId,
    face: () => undefined,
    noDrawing,
    move: () => Promise.resolve('refused'),
    draw: async (mediaId, bounds) => {
      try {
        const { faceId, decisionId } = await drawFace(client, mediaId, bounds);
        void decisionsChanged(client);
        await client.invalidateQueries({ queryKey: photoOf(mediaId).queryKey });
        const stream = streamFor(client, operator);
        toast('Face drawn.', { title: 'Undo', run: () => stream.takeBack(decisionId) });
        stream.look((await reread(client, faceId)).face);
        editor.on = false;
        mode.now = 'stream';
        go('faces');
        return 'written';
      } catch (thrown) {
        complain(thrown);
        return 'refused';
      }
    },
    remove: () => {},
  });
  return editor;
}
