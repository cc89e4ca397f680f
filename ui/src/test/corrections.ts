// Corrects what is said of photos of the small world, and takes it back.

import type { Corrected, Correction, MediaWords, Photo } from '../bindings';

type Words = Pick<Photo, 'caption' | 'tags' | 'scenes'>;

export function corrections(onScreen: () => Photo[]) {
  const corrected = new Map<number, Words>();
  const entries = new Map<number, { mediaId: number; before: Words }>();
  let last = 500;

  const now = (photo: Photo): Photo => ({ ...photo, ...corrected.get(photo.mediaId) });
  const wordsOf = (mediaId: number): MediaWords => {
    const photo = onScreen()
      .map(now)
      .find((photo) => photo.mediaId === mediaId);
    return {
      mediaId,
      version: '700',
      caption: photo?.caption?.slice(0, 4000) ?? null,
      tags: photo?.tags ?? [],
      scenes: photo?.scenes ?? [],
    };
  };

  const takenBack = (audits: number[]): Corrected => ({
    done: audits.flatMap((auditId) => {
      const entry = entries.get(auditId);
      if (entry === undefined) return [];
      corrected.set(entry.mediaId, entry.before);
      entries.delete(auditId);
      return [{ mediaId: entry.mediaId, auditId }];
    }),
    skipped: [],
  });

  return {
    /** A photo as it was corrected. */
    now,
    mediaWords: ({ media }: { media: number[] }) => media.map(wordsOf),
    mediaCorrections: () => [],
    correctMedia: (args: { media: { id: number }[]; correction: Correction }) => ({
      done: args.media.map(({ id }) => {
        const { caption, addTags, removeTags, addScenes, removeScenes } = args.correction;
        const { caption: was, tags, scenes } = wordsOf(id);
        const changed = (own: string[], add: string[], remove: string[]) =>
          [...new Set([...own, ...add])].filter((word) => !remove.includes(word));
        entries.set((last += 1), { mediaId: id, before: { caption: was, tags, scenes } });
        corrected.set(id, {
          caption: caption ?? was,
          tags: changed(tags, addTags, removeTags),
          scenes: changed(scenes, addScenes, removeScenes),
        });
        return { mediaId: id, auditId: last };
      }),
      skipped: [] as { mediaId: number; reason: string }[],
    }),
    undoCorrection: ({ corrections }: { corrections: number[] }) => takenBack(corrections),
    undoableCorrection: () =>
      entries.size === 0 ? null : { media: 1, decidedAt: '2026-03-01T12:00:00Z' },
    undoOwnCorrection: () => takenBack([Math.max(...entries.keys())]),
  };
}
