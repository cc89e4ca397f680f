import { screen, waitFor, within } from '@testing-library/svelte';
import { expect, test, vi } from 'vitest';

import type { Correction, Seen } from '../bindings';
import { backend, refuse } from '../test/backend';
import { obstacles, openConsole } from '../test/render';

const grid = () => screen.findByRole('grid', { name: 'Photos' });
const tile = (mediaId: number) =>
  document.querySelector<HTMLElement>(`[role="gridcell"][data-media="${mediaId}"]`) ??
  document.body;

type Told = { media: Seen<number>[]; correction: Correction };

test('caption and tags are corrected in place, in the version that was seen, and taken back', async () => {
  const answers = backend('moderator');
  const correctMedia = vi.fn(answers.correctMedia);
  const undoOwnCorrection = vi.fn(answers.undoOwnCorrection);
  const user = openConsole('moderator', '#/search/2', {
    ...answers,
    correctMedia,
    undoOwnCorrection,
  });
  await grid();
  const preview = await screen.findByRole('complementary', { name: 'Photo' });
  await within(preview).findByText('People');
  await user.keyboard('e');
  const caption = await screen.findByRole<HTMLTextAreaElement>('textbox', { name: 'Caption' });
  expect(await obstacles()).toEqual([]);
  await user.clear(caption);
  await user.type(caption, 'A morning run.');
  await user.click(screen.getByRole('button', { name: 'Remove winter' }));
  await user.type(screen.getByRole('textbox', { name: 'Add tags' }), 'spring, dawn{Enter}');
  await user.click(screen.getByRole('button', { name: 'Correct' }));
  expect(await screen.findByText('1 photo corrected.')).toBeTruthy();
  expect(await within(preview).findByText('A morning run.')).toBeTruthy();
  expect(correctMedia.mock.calls[0]?.[0] as Told).toEqual({
    media: [{ id: 2, version: '700' }],
    correction: {
      caption: 'A morning run.',
      addTags: ['spring', 'dawn'],
      removeTags: ['winter'],
      addScenes: [],
      removeScenes: [],
    },
  });
  await user.keyboard('{Control>}z{/Control}');
  expect(await screen.findByText('1 photo as before.')).toBeTruthy();
  expect(undoOwnCorrection).toHaveBeenCalledOnce();
  await waitFor(() => expect(within(preview).queryByText('A morning run.')).toBeNull());
});

test('what another window corrected is taken back here, unless somebody was later', async () => {
  const kept = {
    done: [],
    skipped: [{ mediaId: 2, reason: 'mei.tanaka has corrected it later: tags added sea.' }],
  };
  const undoOwnCorrection = vi.fn(() => kept);
  const user = openConsole('moderator', '', {
    undoableCorrection: () =>
      undoOwnCorrection.mock.calls.length > 0
        ? null
        : { media: 1, decidedAt: '2026-03-01T12:00:00Z' },
    undoOwnCorrection,
  });
  await grid();
  await user.keyboard('{Control>}z{/Control}');
  expect(await screen.findByText(/mei.tanaka has corrected it later/)).toBeTruthy();
  await user.keyboard('{Control>}z{/Control}');
  expect(undoOwnCorrection).toHaveBeenCalledOnce();
});

test('a selection is corrected as one', async () => {
  const answers = backend('moderator');
  const correctMedia = vi.fn(answers.correctMedia);
  const user = openConsole('moderator', '', { ...answers, correctMedia });
  await grid();
  tile(1).focus();
  await user.keyboard(' {Shift>}{ArrowRight}{ArrowRight}{/Shift}');
  await screen.findByText('3 selected');
  await user.keyboard('e');
  await screen.findByText('Correct 3 photos');
  await user.type(await screen.findByRole('textbox', { name: 'Add scenes' }), 'park');
  expect(await obstacles()).toEqual([]);
  await user.keyboard('{Enter}');
  await user.keyboard('{Control>}{Enter}{/Control}');
  expect(await screen.findByText('3 photos corrected.')).toBeTruthy();
  const told = correctMedia.mock.calls[0]?.[0] as Told;
  expect(told.media.map(({ id }) => id)).toEqual([1, 2, 3]);
  expect(told.correction.addScenes).toEqual(['park']);
  expect(told.correction.caption).toBeNull();
});

test('who was faster is said, and what was typed stays', async () => {
  const user = openConsole('moderator', '#/search/2', {
    correctMedia: () => ({
      done: [],
      skipped: [{ mediaId: 2, reason: 'mei.tanaka corrected it a minute ago.' }],
    }),
  });
  await screen.findByRole('complementary', { name: 'Photo' });
  await screen.findByText('People', { selector: 'h3' });
  await user.keyboard('e');
  const caption = await screen.findByRole<HTMLTextAreaElement>('textbox', { name: 'Caption' });
  await user.type(caption, ' And more.');
  await user.keyboard('{Control>}{Enter}{/Control}');
  expect(await screen.findByText(/mei.tanaka corrected it a minute ago/)).toBeTruthy();
  expect(screen.getByRole<HTMLTextAreaElement>('textbox', { name: 'Caption' }).value).toMatch(
    / And more\.$/,
  );
});

test('words that do not come say why', async () => {
  const user = openConsole('moderator', '#/search/2', {
    mediaWords: () => refuse('unavailable', 'PostgreSQL does not answer.'),
  });
  await screen.findByText('People', { selector: 'h3' });
  await user.keyboard('e');
  expect(await screen.findByText('PostgreSQL does not answer.')).toBeTruthy();
});

test('staff are not offered to correct or to review', async () => {
  openConsole('staff', '#/search/2');
  const preview = await screen.findByRole('complementary', { name: 'Photo' });
  await within(preview).findByText('People');
  const named = (name: RegExp) =>
    within(preview).queryByRole<HTMLButtonElement>('button', { name })?.disabled ?? true;
  expect(named(/Correct/)).toBe(true);
  expect(named(/review/)).toBe(true);
});
