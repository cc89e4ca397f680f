import { screen, waitFor, within } from '@testing-library/svelte';
import { expect, test, vi } from 'vitest';

import { backend, refuse } from '../test/backend';
import { drawn, obstacles, openConsole } from '../test/render';

test('keys lead to every screen that the operator may use, and to no other', async () => {
  const user = openConsole('moderator');
  await drawn('Search');
  await user.keyboard('gp');
  await drawn('People');
  await user.keyboard('{Control>}5{/Control}');
  await drawn('Activity');
  await user.keyboard('gu');
  expect(screen.queryByRole('main', { name: 'Safety' })).toBeNull();
});

test('an address that the operator may not open leads to Search', async () => {
  openConsole('staff', '#/safety');
  await drawn('Search');
});

test('the palette finds an action by its title and runs it', async () => {
  const user = openConsole('moderator');
  await drawn('Search');
  await user.keyboard('{Control>}k{/Control}');
  const palette = await screen.findByRole('dialog', { name: 'All commands' });
  await user.type(within(palette).getByPlaceholderText('What do you want to do?'), 'go to system');
  await user.keyboard('{Enter}');
  await drawn('System');
});

test('the keyboard help lists the keys of the window and of the screen', async () => {
  const user = openConsole('moderator');
  await drawn('Search');
  await user.keyboard('?');
  const help = await screen.findByRole('dialog', { name: 'Keyboard' });
  expect(within(help).getByText('Go to Faces')).toBeTruthy();
  expect(within(help).getByText('Search for something')).toBeTruthy();
  expect(within(help).queryByText('Go to Safety')).toBeNull();
});

test('keys are letters while the operator types', async () => {
  const user = openConsole('moderator');
  await drawn('Search');
  await user.keyboard('/gp?');
  expect(screen.getByRole<HTMLInputElement>('combobox', { name: 'Search all media' }).value).toBe(
    'gp?',
  );
});

test('another operator starts with nothing of the last one', async () => {
  const answers = backend('admin');
  const search = vi.fn(answers.search);
  const user = openConsole('admin', '', { ...answers, search });
  await drawn('Search');
  await user.type(screen.getByRole('combobox', { name: 'Search all media' }), 'beach{Enter}');
  // By its text: jsdom has no layout, so the menu is never placed and its roles stay hidden.
  screen.getByRole('button', { name: /^Operator/ }).focus();
  await user.keyboard('{Enter}');
  await user.click(await screen.findByText('Continue as sample staff'));
  expect(await screen.findByRole('button', { name: 'Operator Chidi Eze, Staff' })).toBeTruthy();
  expect(screen.getByRole<HTMLInputElement>('combobox', { name: 'Search all media' }).value).toBe(
    '',
  );
});

test('the chosen appearance is kept', async () => {
  const user = openConsole('moderator');
  await drawn('Search');
  screen.getByRole('button', { name: /^Operator/ }).focus();
  await user.keyboard('{Enter}');
  await user.click(await screen.findByText('Appearance: dark'));
  expect(document.documentElement.dataset['theme']).toBe('dark');
  expect(localStorage.getItem('kaleidoscope.theme')).toBe('dark');
});

test.each([
  ['#/search', 'Search'],
  ['#/search/3', 'Search'],
  ['#/faces', 'Faces'],
  ['#/safety', 'Safety'],
  ['#/people', 'People'],
  ['#/people/2', 'People'],
  ['#/activity', 'Activity'],
  ['#/activity/130', 'Activity'],
  ['#/system', 'System'],
])('nothing on %s keeps anybody from using it', async (place, title) => {
  openConsole('admin', place);
  await drawn(title);
  await waitFor(() => expect(document.querySelector('main [aria-busy="true"]')).toBeNull());
  expect(await obstacles()).toEqual([]);
});

test('nothing on the sign-in screen keeps anybody from using it', async () => {
  openConsole(null);
  await drawn('Sign in');
  expect(await obstacles()).toEqual([]);
});

test.each([
  ['people', '#/people', 'People'],
  ['person', '#/people/2', 'People'],
  ['activity', '#/activity', 'Activity'],
  ['system', '#/system', 'System'],
] as const)(
  'when %s fails, its screen says why and offers to try again',
  async (command, place, title) => {
    openConsole('admin', place, {
      [command]: () => refuse('unavailable', 'PostgreSQL does not answer.'),
    });
    const main = await drawn(title);
    expect(await within(main).findByText('PostgreSQL does not answer.')).toBeTruthy();
    expect(within(main).getByRole('button', { name: 'Try again' })).toBeTruthy();
  },
);

test('an admin verifies the log, nobody else is offered to', async () => {
  const user = openConsole('admin', '#/activity');
  await drawn('Activity');
  await user.click(screen.getByRole('button', { name: /Verify the log/ }));
  expect(await screen.findByText('130 entries, the chain is whole')).toBeTruthy();
});

test('older entries are loaded when asked for', async () => {
  const activity = vi.fn(backend('moderator').activity);
  const user = openConsole('moderator', '#/activity', { activity });
  await user.click(await screen.findByRole('button', { name: 'Load more' }));
  await waitFor(() => expect(screen.queryByRole('button', { name: 'Load more' })).toBeNull());
  expect(activity).toHaveBeenLastCalledWith({ before: 31, limit: 100 });
  expect(screen.queryByRole('button', { name: /Verify the log/ })).toBeNull();
});

test('the Rust side hears once that the first screen has its content', async () => {
  const windowReady = vi.fn(() => null);
  openConsole('moderator', '', { windowReady });
  await waitFor(() => expect(windowReady).toHaveBeenCalledOnce());
  expect(document.querySelector('[data-media]')).not.toBeNull();
});

test('a menu that was opened with the pointer gives the focus back to where it was', async () => {
  const user = openConsole('admin', '#/search');
  const box = await screen.findByRole('combobox', { name: 'Search all media' });
  const button = screen.getByRole('button', { name: /^Operator/ });
  box.focus();
  await user.click(button);
  await screen.findByText('Sign out');
  await user.keyboard('{Escape}');
  await waitFor(() => expect(document.activeElement).toBe(box));

  box.blur();
  await user.click(button);
  await screen.findByText('Sign out');
  await user.keyboard('{Escape}');
  await waitFor(() => expect(document.activeElement).toBe(document.body));

  // Who came to it by keys is where they were.
  button.focus();
  await user.keyboard('{Enter}');
  await screen.findByText('Sign out');
  await user.keyboard('{Escape}');
  await waitFor(() => expect(document.activeElement).toBe(button));
});
