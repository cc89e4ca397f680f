import { expect, test } from 'vitest';

import { also, anytime, between, quoted, similarityOf, term, withSimilarity } from './terms';

test('a value is quoted where it would mean something else', () => {
  expect(quoted('beach')).toBe('beach');
  expect(quoted('new york')).toBe('"new york"');
  expect(quoted('OR')).toBe('"OR"');
  expect(quoted('me')).toBe('"me"');
  expect(quoted('say "cheese" \\o/')).toBe(String.raw`"say \"cheese\" \\o/"`);
  expect(term('tag', 'a:b')).toBe('tag:"a:b"');
  expect(term('post', 12)).toBe('post:12');
});

test('a further condition holds for every branch', () => {
  expect(also('', 'tag:sea')).toBe('tag:sea');
  expect(also('beach', 'tag:sea')).toBe('beach tag:sea');
  expect(also('beach OR lake', 'tag:sea')).toBe('(beach OR lake) tag:sea');
  expect(also('(beach OR lake)', 'tag:sea')).toBe('(beach OR lake) tag:sea');
  expect(also('"this OR that"', 'tag:sea')).toBe('"this OR that" tag:sea');
});

test('the similarity is read, replaced and taken away', () => {
  expect(similarityOf('beach similarity:0.8')).toBe(0.8);
  expect(similarityOf('"similarity:0.8"')).toBe(null);
  expect(withSimilarity('similarity:0.8 beach', 0.5)).toBe('beach similarity:0.5');
  expect(withSimilarity('a similarity:0.8 b', null)).toBe('a b');
  expect(withSimilarity('a OR b', 0.5)).toBe('(a OR b) similarity:0.5');
});

test('a span of days replaces the one that is there', () => {
  expect(between('beach', '2026-03-01', '2026-04-01')).toBe(
    'beach after:2026-02-28 before:2026-04-01',
  );
  expect(between('after:-7d beach -on:today', '2026-03-01', '2026-04-01')).toBe(
    'beach -on:today after:2026-02-28 before:2026-04-01',
  );
  expect(anytime('beach after:2026')).toBe('beach');
});

test('a span beyond the years that can be written ends where these do', () => {
  expect(between('sea', '0044-01-01', '0045-01-01')).toBe('sea before:1900-01-01');
  expect(between('sea', '0044-01-01', '2026-01-01')).toBe('sea before:2026-01-01');
  expect(between('sea', '9999-01-01', '+10000-01-01')).toBe('sea after:9998-12-31');
  expect(between('sea', '1900-01-01', '9999-01-01')).toBe('sea');
});
