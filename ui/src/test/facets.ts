// What was found in the small world, counted by value and by month.

import type { Bar, Facet, Photo } from '../bindings';
import { isVideo, toggled, valuesOf } from './query';

/** Of each facet its name, the field of a condition on it, and the values of a photo */
export const facetFields: [string, string, (photo: Photo) => string[]][] = [
  ['tag', 'tag', ({ tags }) => tags.filter((tag) => tag.length < 40)],
  ['scene', 'scene', ({ scenes }) => scenes],
  ['person', 'person', valuesOf['person'] as never],
  ['uploader', 'uploader', ({ uploader }) => [uploader.username.slice(0, 40)]],
  ['dept', 'dept', valuesOf['dept'] as never],
  ['type', 'is', ({ mediaId }) => [isVideo(mediaId) ? 'video' : 'image']],
  ['safety', 'is', ({ unsafe }) => [unsafe ? 'unsafe' : 'safe']],
];

/** How many of the photos that `text` found have each value that begins so. */
export function facet(found: readonly Photo[], text: string, name: string, startsWith = ''): Facet {
  const [, field, values] = facetFields.find(([own]) => own === name) ?? ['', '', () => []];
  const counts = new Map<string, number>();
  for (const photo of found) {
    for (const value of values(photo)) counts.set(value, (counts.get(value) ?? 0) + 1);
  }
  return {
    field: name,
    isEstimate: false,
    values: [...counts]
      .filter(([value]) => value.toLowerCase().startsWith(startsWith.toLowerCase()))
      .sort(([, one], [, two]) => two - one)
      .slice(0, 50)
      .map(([value, count]) => {
        const [isChosen, after] = toggled(text, field, value);
        return { value, count, isChosen, toggled: after };
      }),
  };
}

export function histogram(text: string, found: readonly Photo[]): Bar[] {
  const months = new Map<string, number>();
  for (const { createdAt } of found) {
    const month = createdAt.slice(0, 7);
    months.set(month, (months.get(month) ?? 0) + 1);
  }
  return [...months].sort().map(([month, count]) => {
    const start = new Date(`${month}-01T00:00:00Z`);
    const end = new Date(start);
    end.setUTCMonth(end.getUTCMonth() + 1);
    const eve = new Date(start.getTime() - 86_400_000).toISOString().slice(0, 10);
    const until = end.toISOString().slice(0, 10);
    return {
      from: `${month}-01`,
      until,
      count,
      query: `${text} after:${eve} before:${until}`.trim(),
    };
  });
}
