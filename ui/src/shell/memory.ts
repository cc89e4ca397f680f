// What a screen wants to find again when the operator comes back to it: the words of a search, how far a list was
// scrolled. It lasts as long as the operator stays signed in.

import { getContext, setContext } from 'svelte';

const key = Symbol('memory');

export function provideMemory(): void {
  setContext(key, new Map<string, unknown>());
}

/** Called while a component is set up: the same object each time, `first` the first time. */
export function remembered<T extends object>(name: string, first: T): T {
  const memory = getContext<Map<string, unknown> | undefined>(key);
  const known = memory?.get(name) as T | undefined;
  if (known !== undefined) return known;
  memory?.set(name, first);
  return first;
}
