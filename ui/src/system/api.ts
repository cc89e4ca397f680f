// The state of the parts that the console stands on.

import { createQuery } from '@tanstack/svelte-query';

import { ask, commands } from '../host';

/** Milliseconds between two questions while the screen is open. */
const every = 5000;

export const createSystem = () =>
  createQuery(() => ({
    queryKey: ['system'],
    queryFn: () => ask(commands.system()),
    refetchInterval: every,
    staleTime: 0,
  }));
