import { expect, test } from 'vitest';

import { clashes, holderOf, type Action } from './action';
import { everyAction, meet } from './actions';

/** What the modules of the features give away, and in lists and records of that. */
function declared(): string[] {
  const modules = import.meta.glob<Record<string, unknown>>(
    ['./*/*actions.ts', './*/mode.svelte.ts', './*/report.svelte.ts', './*/appeal.svelte.ts'],
    { eager: true },
  );
  const isAction = (thing: object): thing is Action =>
    'id' in thing && 'keys' in thing && 'run' in thing;
  const within = (thing: unknown): string[] => {
    if (typeof thing !== 'object' || thing === null) return [];
    return isAction(thing) ? [thing.id] : Object.values(thing).flatMap(within);
  };
  return [...new Set(Object.values(modules).flatMap(within))];
}

test('no two actions that can be offered at once share a key, or the beginning of one', () => {
  expect(clashes(everyAction, meet)).toEqual([]);
});

test('every action that is declared is there once', () => {
  const ids = everyAction.map(({ id }) => id);
  expect(ids).toEqual([...new Set(ids)]);
  expect(ids.toSorted()).toEqual(declared().toSorted());
});

test('a shared key is found, and so is a key that begins another', () => {
  const keys = (id: string, ...keys: string[]) => ({ id, keys });
  expect(clashes([keys('faces.confirm', 'y'), keys('faces.reject', 'y')])).toHaveLength(1);
  expect(clashes([keys('faces.confirm', 'g'), keys('app.open', 'g s')])).toHaveLength(1);
  expect(clashes([keys('faces.confirm', 'y'), keys('safety.allow', 'y')])).toEqual([]);
});

test.each([
  ['unknown.merge', 'g', 'app.open-search'],
  ['wall.confirm', 'm', 'faces.mode'],
  ['unknown.split', 'm', 'faces.mode'],
  ['safety.safe', 'w', 'photo.fit'],
  ['photo.report', 'y', 'faces.confirm'],
])('%s is not given %s, which %s has', (id, key, holder) => {
  expect(holderOf(everyAction, id, key, meet)?.id).toBe(holder);
});
