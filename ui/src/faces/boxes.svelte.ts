// The editor of boxes on the photo of the stream: what it comes to is written, said, and can be taken back.

import type { QueryClient } from '@tanstack/svelte-query';

import type { Face, Moved } from '../bindings';
import { complain, toast } from '../components/toast';
import { Refusal } from '../host';
import { photoOf } from '../photo/api';
import { BoxEditor, type Outcome } from '../photo/editor.svelte';
import { decisionsChanged, drawFace, moveBox } from './api';
import type { FaceStream } from './stream.svelte';

const moved: Record<Moved['embedding'], string> = {
  newBox: 'Box saved. The AI service has looked at it anew.',
  sameBox: 'Box saved.',
  oldBox: 'Box saved. The face is still compared by its old box: there is no AI service to ask.',
};

export function boxEditor(
  client: QueryClient,
  stream: FaceStream,
  face: () => Face | undefined,
  noDrawing: () => string | null,
): BoxEditor {
  const wayBack = (decisionId: number) => ({
    title: 'Undo',
    run: () => stream.takeBack(decisionId),
  });

  /** What was written, or said why not. */
  async function write(face: number | null, act: () => Promise<unknown>): Promise<Outcome> {
    try {
      await act();
      return 'written';
    } catch (thrown) {
      complain(thrown);
      const code = thrown instanceof Refusal ? thrown.code : 'internal';
      if (face === null || (code !== 'conflict' && code !== 'notFound')) return 'refused';
      await stream.refresh(face);
      return 'overtaken';
    }
  }

  return new BoxEditor({
    mediaId: () => face()?.mediaId,
    face,
    noDrawing,
    move: (face, bounds) =>
      write(face.id, async () => {
        const { decisionId, embedding } = await moveBox(client, face, bounds);
        await stream.refresh(face.id);
        stream.told = moved[embedding];
        toast(moved[embedding], wayBack(decisionId));
      }),
    draw: (mediaId, bounds) =>
      write(null, async () => {
        const { faceId, decisionId } = await drawFace(client, mediaId, bounds);
        await client.invalidateQueries({ queryKey: photoOf(mediaId).queryKey });
        await stream.refresh(faceId);
        void decisionsChanged(client);
        stream.told = 'Face drawn.';
        toast('Face drawn.', wayBack(decisionId));
      }),
    remove: (face) => stream.say(face, { said: 'delete' }),
  });
}
