import { QueryClient } from '@tanstack/svelte-query';
import { userEvent } from '@testing-library/user-event';
import { beforeEach, expect, test } from 'vitest';

import { toasts } from '../components/toast';
import { mode } from '../faces/mode.svelte';
import { streamFor } from '../faces/stream.svelte';
import { route } from '../route';
import { backend, refuse, serve, type Answers } from '../test/backend';
import { people, photos } from '../test/world';
import { copyIds, copyLink, goToPerson, review } from './ways';

const client = (replaced: Partial<Answers> = {}) => {
  serve({ ...backend('moderator'), ...replaced });
  return new QueryClient({ defaultOptions: { queries: { retry: false } } });
};

/** What was said last. */
const said = () => [...toasts.values()].at(-1)?.text;

beforeEach(() => {
  toasts.clear();
  window.location.hash = '#/search';
});

test('a link leads back to the photo, and ids are one a line', async () => {
  userEvent.setup();
  await copyLink(12);
  expect(await navigator.clipboard.readText()).toMatch(/^http.*#\/search\/12$/);
  expect(said()).toBe('Link copied.');
  await copyIds([3, 4]);
  expect(await navigator.clipboard.readText()).toBe('3\n4');
  expect(said()).toBe('Ids copied.');
});

test('a person has a page, and one whom nobody knows has none', async () => {
  const [person] = people;
  await goToPerson(client(), person?.username ?? '');
  expect(route()).toMatchObject({ screen: 'people', id: person?.id });
  await goToPerson(client(), 'nobody');
  expect(said()).toBe('There is no page for nobody.');
});

test('why a person cannot be looked up is said', async () => {
  const findPeople = () => refuse('unavailable', 'PostgreSQL does not answer.');
  await goToPerson(client({ findPeople }), 'amara.okafor');
  expect(said()).toBe('PostgreSQL does not answer.');
  expect(route().screen).toBe('search');
});

test('the suggested face of a photo is reviewed before its others', async () => {
  const photo = photos.find(({ faces }) =>
    faces.slice(1).some(({ status }) => status === 'SUGGESTED'),
  );
  const queries = client();
  mode.now = 'wall';
  await review(queries, 3, photo?.mediaId ?? 0);
  expect(route().screen).toBe('faces');
  expect(mode.now).toBe('stream');
  expect(streamFor(queries, 3).face?.id).toBe(
    photo?.faces.find(({ status }) => status === 'SUGGESTED')?.id,
  );
});

test('a photo without faces stays where it is', async () => {
  const photo = { ...photos[0], faces: [] } as never;
  await review(client({ photo: () => photo }), 3, 1);
  expect(said()).toBe('There is no face on it to review.');
  expect(route().screen).toBe('search');
});
