import { expect, test } from 'vitest';

import { clip, personName, visible } from './text';

test('a clipped text never ends within a character', () => {
  expect(clip('ab😀cd', 3)).toBe('ab…');
  expect(clip('short', 10)).toBe('short');
});

test('invisible text is not a name', () => {
  expect(visible('\u200B\u2060 ')).toBe(false);
  expect(personName({ id: 7, username: '\u200B', fullName: null })).toBe('Unnamed #7');
});
