import { screen, waitFor, within } from '@testing-library/svelte';
import userEvent from '@testing-library/user-event';
import { beforeEach, expect, test, vi } from 'vitest';

import type { Verdict } from '../bindings';
import { remapNone } from '../keys';
import { open, underWay } from '../test/open';

beforeEach(() => remapNone());

async function help() {
  const user = userEvent.setup();
  await waitFor(() =>
    expect(screen.queryByRole('complementary', { name: 'Evidence' })).not.toBeNull(),
  );
  await user.keyboard('?');
  return { user, dialog: await screen.findByRole('dialog', { name: 'Keyboard' }) };
}

test('an action gets another key, which works at once and is kept', async () => {
  const decideFace = vi.fn(() => underWay<Verdict>().promise);
  open('moderator', 'faces', { decideFace });
  const { user, dialog } = await help();
  await user.click(within(dialog).getByRole('button', { name: 'Nobody we know: 0' }));
  await user.keyboard('u');
  await within(dialog).findByRole('button', { name: 'Nobody we know: u' });
  await user.keyboard('{Escape}');
  await waitFor(() => expect(screen.queryByRole('dialog')).toBeNull());
  await user.keyboard('0');
  expect(decideFace).not.toHaveBeenCalled();
  await user.keyboard('u');
  expect(decideFace).toHaveBeenCalledTimes(1);
  expect(JSON.parse(localStorage.getItem('kaleidoscope.keys') ?? '')).toEqual({
    'faces.nobody': ['u'],
  });
});

test('a key that another action has is refused, with its name', async () => {
  open('moderator', 'faces');
  const { user, dialog } = await help();
  await user.click(within(dialog).getByRole('button', { name: 'Nobody we know: 0' }));
  await user.keyboard('n');
  expect((await within(dialog).findByRole('alert')).textContent).toContain('Not this person');
  await user.keyboard('{Escape}');
  await within(dialog).findByRole('button', { name: 'Nobody we know: 0' });
});

test('the usual keys come back, one by one or all', async () => {
  open('moderator', 'faces');
  const { user, dialog } = await help();
  for (const [name, key] of [
    ['Nobody we know: 0', 'u'],
    ['Skip: x or ArrowRight', 't'],
  ] as const) {
    await user.click(within(dialog).getByRole('button', { name }));
    await user.keyboard(key);
  }
  await user.click(within(dialog).getByRole('button', { name: 'usual keys for Skip' }));
  await within(dialog).findByRole('button', { name: 'Skip: x or ArrowRight' });
  await user.click(within(dialog).getByRole('button', { name: 'Usual keys' }));
  await within(dialog).findByRole('button', { name: 'Nobody we know: 0' });
});
