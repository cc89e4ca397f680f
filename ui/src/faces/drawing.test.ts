import { screen, waitFor, within } from '@testing-library/svelte';
import userEvent from '@testing-library/user-event';
import { beforeEach, expect, test, vi } from 'vitest';

import { route } from '../route';
import { open } from '../test/open';
import { photos } from '../test/world';

// jsdom captures no pointers.
beforeEach(() => (HTMLElement.prototype.setPointerCapture = vi.fn()));

const found = photos.find(({ unsafe, mediaType }) => !unsafe && mediaType !== 'VIDEO');
if (found === undefined) throw new Error('no photo');
const empty = { ...found, faces: [] };

const shown = { photo: () => empty } as unknown as Parameters<typeof open>[2];

async function preview(
  replaced: Parameters<typeof open>[2] = {},
  role: 'moderator' | 'staff' = 'moderator',
) {
  open(role, `search/${empty.mediaId}` as never, { ...shown, ...replaced });
  return within(await screen.findByRole('complementary', { name: 'Photo' }));
}

test('on a photo where the AI found nobody a face is drawn by keys, and said who it is next', async () => {
  const user = userEvent.setup();
  const at = await preview();
  const draw = await at.findByRole('button', { name: /Draw a face/ });
  await waitFor(() => expect(draw.hasAttribute('disabled')).toBe(false));
  await user.click(draw);
  await at.findByText('Drag on the photo where the face is, or add one in the middle.');
  await user.keyboard('a');
  await at.findByText(/px at/);
  await user.keyboard('{ArrowRight}{Enter}');
  await waitFor(() => expect(route().screen).toBe('faces'));
  await screen.findByRole('heading', { name: /Who is this\?/ });
});

test('without an AI service no face can be drawn, and the reason is there', async () => {
  const reason = 'No AI service is configured: a drawn face could not be compared.';
  const at = await preview({ drawingProblem: () => reason });
  const draw = await at.findByRole('button', { name: /Draw a face/ });
  await at.findByText(reason);
  expect(draw.hasAttribute('disabled')).toBe(true);
});

test('who only searches draws no faces', async () => {
  const at = await preview({}, 'staff');
  await at.findByRole('button', { name: /Similar to this/ });
  expect(at.queryByRole('button', { name: /Draw a face/ })).toBeNull();
});
