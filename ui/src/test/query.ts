// Enough of the query language to look at: conditions side by side, one field each.

import type { Photo, SyntaxProblem } from '../bindings';

export const fields = ['tag', 'scene', 'caption', 'title', 'person', 'uploader', 'dept', 'is', 'has', 'after', 'before', 'on', 'media', 'post', 'event', 'similarity']; // prettier-ignore

interface Condition {
  field: string;
  value: string;
  text: string;
  from: number;
}

export function read(text: string): Condition[] {
  return [...text.matchAll(/(?:([a-z]+):)?("[^"]*"?|\([^)]*\)?|[^\s()]+)/giu)].map((found) => ({
    field: found[1]?.toLowerCase() ?? '',
    value: (found[2] ?? '').replace(/^"|"$/g, ''),
    text: found[0],
    from: found.index,
  }));
}

export function problemOf(text: string): SyntaxProblem | null {
  for (const { field, text: token, from } of read(text)) {
    if (field !== '' && !fields.includes(field)) {
      const message = `There is no field ${field}; did you mean tag?`;
      return { message, from, to: from + field.length + 1, expected: ['tag:'] };
    }
    if ((token.match(/"/g) ?? []).length % 2 === 1) {
      const message = "These quotation marks aren't closed.";
      return { message, from: from + token.indexOf('"'), to: text.length, expected: ['"'] };
    }
  }
  return null;
}

export const valuesOf: Record<string, (photo: Photo) => string[]> = {
  tag: ({ tags }) => tags,
  scene: ({ scenes }) => scenes,
  person: ({ faces }) => faces.flatMap(({ identified }) => identified?.username ?? []),
  uploader: ({ uploader }) => [uploader.username],
  dept: ({ uploader }) => (uploader.department === null ? [] : [uploader.department]),
  is: ({ unsafe, mediaId }) => [unsafe ? 'unsafe' : 'safe', isVideo(mediaId) ? 'video' : 'image'],
  media: ({ mediaId }) => [String(mediaId)],
  post: ({ postId }) => [String(postId)],
  caption: ({ caption }) => [caption ?? ''],
  title: ({ postTitle }) => [postTitle ?? ''],
  event: () => [],
};

export const isVideo = (mediaId: number) => mediaId % 11 === 0;

const everything = (photo: Photo) =>
  [
    photo.caption,
    photo.postTitle,
    ...photo.tags,
    photo.uploader.fullName,
    ...photo.faces.map(({ identified }) => identified?.fullName),
  ]
    .join(' ')
    .toLowerCase();

export function holds(photo: Photo, { field, value }: Condition): boolean {
  const day = photo.createdAt.slice(0, 10);
  if (field === '') return everything(photo).includes(value.toLowerCase());
  if (field === 'similarity' || field === 'has') return true;
  if (field === 'after') return day > value;
  if (field === 'before') return day < value;
  if (field === 'on') return day.startsWith(value);
  const any = value
    .replace(/[()"]/g, '')
    .split(' OR ')
    .map((one) => one.toLowerCase());
  return (valuesOf[field]?.(photo) ?? []).some((own) => any.includes(own.toLowerCase()));
}

export const term = (field: string, value: string) =>
  `${field}:${/^[\p{L}\p{N}][\p{L}\p{N}_.-]*$/u.test(value) ? value : `"${value.replaceAll('"', '')}"`}`;

export function toggled(text: string, field: string, value: string): [boolean, string] {
  const wanted = term(field, value);
  const parts = read(text).map(({ text }) => text);
  return parts.includes(wanted)
    ? [true, parts.filter((part) => part !== wanted).join(' ')]
    : [false, `${text} ${wanted}`.trim()];
}
