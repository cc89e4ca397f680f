import { screen, waitFor, within } from '@testing-library/svelte';
import { expect, test, vi } from 'vitest';

import { refuse } from '../test/backend';
import { openConsole } from '../test/render';
import { photos } from '../test/world';

const mediaId = photos[1]?.mediaId ?? 0;

test('an appeal is taken down where the photo is seen, and stays written where there is nothing to appeal against', async () => {
  const said =
    'There is nothing to appeal against: nobody decided that this photo is unsafe, or an appeal waits already.';
  let isDecided = false;
  const fileAppeal = vi.fn(() => (isDecided ? null : refuse('conflict', said)));
  const user = openConsole('admin', `#/search/${mediaId}`, { fileAppeal });
  await user.click(await screen.findByRole('button', { name: 'Take down an appeal…' }));
  const dialog = await screen.findByRole('dialog', { name: `Appeal, media ${mediaId}` });
  const words = within(dialog).getByRole<HTMLTextAreaElement>('textbox');
  await user.type(words, 'It is a statue.');
  await user.click(within(dialog).getByRole('button', { name: 'File' }));
  await screen.findByText(said);
  expect(words.value).toBe('It is a statue.');

  isDecided = true;
  await user.click(within(dialog).getByRole('button', { name: 'File' }));
  await waitFor(() => expect(screen.queryByRole('dialog')).toBeNull());
  expect(fileAppeal.mock.calls.at(-1)).toEqual([{ mediaId, words: 'It is a statue.' }]);
});

test('who takes no appeals down is not offered it', async () => {
  openConsole('moderator', `#/search/${mediaId}`);
  const button = await screen.findByRole<HTMLButtonElement>('button', {
    name: 'Take down an appeal…',
  });
  expect(button.disabled).toBe(true);
});
