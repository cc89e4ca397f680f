import { screen, waitFor, within } from '@testing-library/svelte';
import { expect, test } from 'vitest';

import { refuse } from '../test/backend';
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
