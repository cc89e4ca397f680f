// Who is at the window, and how they come and go.

import { createMutation, createQuery, useQueryClient } from '@tanstack/svelte-query';

import type { Role } from '../bindings';
import { ask, commands, type Answer, type Told } from '../host';

export type Session = Answer<'session'>;

const key = ['session'];

export const createSession = () =>
  createQuery(() => ({
    queryKey: key,
    queryFn: () => ask(commands.session()),
    staleTime: Infinity,
  }));

/** Nothing that one operator was shown stays for the next. */
function useFreshStart(): () => Promise<void> {
  const client = useQueryClient();
  return async () => {
    client.removeQueries({ predicate: ({ queryKey }) => queryKey[0] !== key[0] });
    await client.invalidateQueries({ queryKey: key });
  };
}

export function createSignIn() {
  const freshStart = useFreshStart();
  return createMutation(() => ({
    mutationFn: (request: Told<'signIn'>[0]) => ask(commands.signIn(request)),
    onSuccess: freshStart,
  }));
}

/** One click instead of a password, on the demo's own database only. */
export function createSampleSignIn() {
  const freshStart = useFreshStart();
  return createMutation(() => ({
    mutationFn: (role: Role) => ask(commands.signInAsSample(role)),
    onSuccess: freshStart,
  }));
}

export function createSignOut() {
  const freshStart = useFreshStart();
  return createMutation(() => ({
    mutationFn: () => ask(commands.signOut()),
    onSuccess: freshStart,
  }));
}
