// What may be meant by the word before the caret: fields, values, and who and what there is in the small world.

import type { Photo, Suggestion, Suggestions } from '../bindings';
import { facet } from './facets';
import { fields, term } from './query';
import { people } from './world';

/** As many as are offered at once */
const MOST = 12;

export function suggest(text: string, caret: number, photos: readonly Photo[]): Suggestions {
  const before = text.slice(0, caret);
  const typed = /[^\s():]*$/u.exec(before)?.[0] ?? '';
  const field = /([a-z]+):[^\s():]*$/iu.exec(before)?.[1]?.toLowerCase();
  const entries = field === undefined ? anything(photos, typed) : valuesOf(photos, field, typed);
  return { from: caret - typed.length, to: caret, entries: entries.slice(0, MOST) };
}

const entry = (
  kind: Suggestion['kind'],
  insert: string,
  more: Partial<Suggestion> = {},
): Suggestion => ({
  kind,
  insert,
  label: insert,
  detail: null,
  count: null,
  userId: null,
  ...more,
});

const valuesOf = (photos: readonly Photo[], field: string, typed: string) =>
  facet(photos, '', field, typed).values.map(({ value, count }) =>
    entry('value', term('', value).slice(1), { label: value, count }),
  );

function anything(photos: readonly Photo[], typed: string): Suggestion[] {
  const begins = (value: string) => value.toLowerCase().startsWith(typed.toLowerCase());
  const named = fields.filter(begins).map((field) => entry('field', `${field}:`));
  const tags = facet(photos, '', 'tag', typed).values.map(({ value, count }) =>
    entry('tag', term('tag', value), { label: value, count }),
  );
  const persons = people
    .filter(({ fullName, username }) => begins(fullName ?? '') || begins(username))
    .map(({ id, username, fullName, department }) =>
      entry('person', term('person', username), {
        label: fullName ?? username,
        detail: department,
        userId: id,
      }),
    );
  return [...named.slice(0, 4), ...tags.slice(0, 5), ...persons.slice(0, 4)];
}
