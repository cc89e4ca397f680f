import { expect, test } from 'vitest';

import { clashes } from './action';
import { everyAction } from './actions';

test('no two actions that can be offered at once share a key', () => {
  expect(clashes(everyAction)).toEqual([]);
});

test('every action is there once', () => {
  const ids = everyAction.map(({ id }) => id);
  expect(ids).toEqual([...new Set(ids)]);
});

test('a shared key is found, and so is a key that begins another', () => {
  const keys = (id: string, ...keys: string[]) => ({ id, keys });
  expect(clashes([keys('faces.confirm', 'y'), keys('faces.reject', 'y')])).toHaveLength(1);
  expect(clashes([keys('faces.confirm', 'g'), keys('app.open', 'g s')])).toHaveLength(1);
  expect(clashes([keys('faces.confirm', 'y'), keys('safety.allow', 'y')])).toEqual([]);
});
