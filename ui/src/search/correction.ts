// What a correction does to the words of a medium.

import type { Correction, MediaWords } from '../bindings';

export const nothingChanged = ({ caption, ...words }: Correction): boolean =>
  caption === null && Object.values(words).every((list) => list.length === 0);

/** A medium's words after the correction. */
export function corrected(
  words: Pick<MediaWords, 'caption' | 'tags' | 'scenes'>,
  { caption, addTags, removeTags, addScenes, removeScenes }: Correction,
) {
  const changed = (before: readonly string[], add: readonly string[], remove: readonly string[]) =>
    [...new Set([...before, ...add])].filter((word) => !remove.includes(word));
  return {
    caption: caption === null ? words.caption : caption === '' ? null : caption,
    tags: changed(words.tags, addTags, removeTags),
    scenes: changed(words.scenes, addScenes, removeScenes),
  };
}
