import { screen, waitFor, within } from '@testing-library/svelte';
import { expect, test, vi } from 'vitest';

import { refuse } from '../test/backend';
import { drawn, openConsole } from '../test/render';

test('a refused sign-in says why and keeps every field', async () => {
  const user = openConsole(null);
  await drawn('Sign in');
  await user.clear(screen.getByLabelText('Host'));
  await user.type(screen.getByLabelText('Host'), 'photos.example.org');
  await user.type(screen.getByLabelText('Password'), 'wrong{Enter}');

  expect(await screen.findByText('The user name or the password is wrong.')).toBeTruthy();
  expect(screen.getByLabelText<HTMLInputElement>('Host').value).toBe('photos.example.org');
  expect(screen.getByLabelText<HTMLInputElement>('User').value).toBe('bo.lindqvist');
  expect(screen.getByLabelText<HTMLInputElement>('Password').value).toBe('wrong');
});

test('Enter signs in, and the password is not remembered unasked', async () => {
  const signIn = vi.fn(() => ({
    userId: 3,
    username: 'bo',
    fullName: null,
    role: 'moderator' as const,
  }));
  const user = openConsole(null, '', { signIn });
  await drawn('Sign in');
  await user.type(screen.getByLabelText('Password'), 'correct{Enter}');
  await waitFor(() => expect(signIn).toHaveBeenCalledOnce());
  expect(signIn).toHaveBeenCalledWith({
    request: {
      host: 'db.example.org',
      port: 5432,
      database: 'kaleidoscope',
      username: 'bo.lindqvist',
      password: 'correct',
      remember: false,
    },
  });
});

test('what is missing is said without asking the server', async () => {
  const signIn = vi.fn(() => refuse('internal', 'must not be asked'));
  const user = openConsole(null, '', { signIn });
  await drawn('Sign in');
  await user.clear(screen.getByLabelText('Port'));
  await user.type(screen.getByLabelText('Port'), '99999');
  await user.click(screen.getByRole('button', { name: 'Sign in' }));
  expect(screen.getByRole('alert').textContent).toMatch(/port from 1 to 65535/);
  expect(signIn).not.toHaveBeenCalled();
});

test('what keeps the window from working is said at once', async () => {
  const connection = { host: 'h', port: 1, database: 'd', username: 'u', remembered: false };
  const problem = 'The database has no pgvector. Install it and run the migrations.';
  openConsole(null, '', {
    session: () => ({ operator: null, sampleOperators: [], connection, problem }),
  });
  expect(await screen.findByText(problem)).toBeTruthy();
  expect(screen.queryByRole('region', { name: 'Sample operators' })).toBeNull();
});

test('one click on a sample operator opens the console with their screens', async () => {
  const user = openConsole(null);
  const samples = await screen.findByRole('region', { name: 'Sample operators' });
  await user.click(within(samples).getByRole('button', { name: 'Staff' }));
  await drawn('Search');
  const rail = screen.getByRole('navigation', { name: 'Screens' });
  expect(
    within(rail)
      .getAllByRole('link')
      .map((link) => link.getAttribute('aria-label')),
  ).toEqual(['Search', 'People', 'Activity', 'System']);
});

test('whoever is signed out in the middle of something sees the sign-in screen', async () => {
  let signedOut = false;
  const connection = { host: 'h', port: 1, database: 'd', username: 'u', remembered: false };
  openConsole(null, '', {
    session: () => ({
      operator: signedOut ? null : { userId: 3, username: 'bo', fullName: null, role: 'staff' },
      sampleOperators: [],
      connection,
      problem: null,
    }),
    search: () => {
      signedOut = true;
      return refuse('signedOut', 'You are signed out. Sign in again.');
    },
  });
  await drawn('Sign in');
});
