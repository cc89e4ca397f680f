// The state of the console's surroundings, asked for again and again.

import { createQuery } from '@tanstack/svelte-query';

import { ask, commands } from '../host';

/** Milliseconds between two questions, while the window is looked at and while it is not. */
const [seen, hidden] = [2000, 30_000];

export const createStatus = () =>
  createQuery(() => ({
    queryKey: ['status'],
    queryFn: () => ask(commands.status()),
    refetchInterval: () => (document.hidden ? hidden : seen),
    refetchIntervalInBackground: true,
    refetchOnWindowFocus: true,
    staleTime: 0,
  }));
