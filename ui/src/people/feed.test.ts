import { screen, waitFor, within } from '@testing-library/svelte';
import { expect, test, vi } from 'vitest';

import type { PhotosPage } from '../bindings';
import { backend, refuse } from '../test/backend';
import { obstacles, openConsole } from '../test/render';

test("a person's feed shows how each photo came by its score", async () => {
  const user = openConsole('moderator', '#/people/2');
  await user.click(await screen.findByRole('button', { name: 'Feed' }));
  const profile = screen.getByRole('region', { name: 'Profile' });
  await waitFor(() => expect(profile.querySelectorAll('[data-feed]').length).toBeGreaterThan(3));
  expect(within(profile).getAllByText('Closeness').length).toBeGreaterThan(3);
  expect(await obstacles()).toEqual([]);
});

test('a feed that does not come says why', async () => {
  const user = openConsole('moderator', '#/people/2', {
    personFeed: () => refuse('unavailable', 'PostgreSQL does not answer.'),
  });
  await user.click(await screen.findByRole('button', { name: 'Feed' }));
  expect(await screen.findByText('PostgreSQL does not answer.')).toBeTruthy();
});

test("a person's photos go on behind the first page", async () => {
  const answers = backend('moderator');
  const from = (first: number) => Array.from({ length: 8 }, (_, index) => first + index);
  const personPhotos = vi.fn(({ after }: { after: string | null }): PhotosPage =>
    after === 'a' ? { media: from(9), next: 'b' } : { media: from(16), next: null },
  );
  openConsole('moderator', '#/people/2', {
    ...answers,
    person: (told: { userId: number }) => ({
      ...answers.person(told),
      onPhotos: { media: from(1), next: 'a' },
    }),
    personPhotos,
  });
  const photos = await screen.findByRole('group', { name: 'On photos' });
  await waitFor(() => expect(photos.querySelector('[data-media="23"]')).toBeTruthy());
  expect(photos.querySelectorAll('[data-media="16"]').length).toBe(1);
  expect(personPhotos.mock.calls.map(([told]) => told.after)).toEqual(['a', 'b']);
});

test('photos that do not come say why, and are asked for again', async () => {
  const answers = backend('moderator');
  let refused = true;
  const user = openConsole('moderator', '#/people/2', {
    ...answers,
    person: (told: { userId: number }) => ({
      ...answers.person(told),
      onPhotos: { media: [1, 2], next: 'a' },
    }),
    personPhotos: () =>
      refused ? refuse('unavailable', 'PostgreSQL does not answer.') : { media: [3], next: null },
  });
  const photos = await screen.findByRole('group', { name: 'On photos' });
  expect(await within(photos).findByText('PostgreSQL does not answer.')).toBeTruthy();
  refused = false;
  await user.click(within(photos).getByRole('button', { name: 'Try again' }));
  await waitFor(() => expect(photos.querySelectorAll('[data-media]').length).toBe(3));
});
