// A video in parts. Not every web view plays from `media://`, but each plays what is in the page's memory.

import { reasonIn } from '../host';

/** Bytes that are there, of all. */
export interface Progress {
  loaded: number;
  total: number;
}

/** All of a video, whose parts have an address by where they begin; throws the sentence for the operator where it does not come. */
export async function loadVideo(
  addressOf: (from: number) => string,
  signal: AbortSignal,
  onProgress: (progress: Progress) => void,
): Promise<Blob> {
  const parts: ArrayBuffer[] = [];
  let type = '';
  let loaded = 0;
  for (;;) {
    const answer = await fetch(addressOf(loaded), { signal, cache: 'no-store' });
    if (!answer.ok) throw new Error(await reasonIn(answer));
    const part = await answer.arrayBuffer();
    if (loaded === 0) type = answer.headers.get('content-type') ?? '';
    parts.push(part);
    loaded += part.byteLength;
    const total = Number(answer.headers.get('content-range')?.split('/')[1]);
    if (part.byteLength === 0 || !(total >= loaded)) {
      throw new Error('The video broke off. Play it again.');
    }
    onProgress({ loaded, total });
    if (loaded === total) return new Blob(parts, { type });
  }
}
