// Short messages at the lower edge: what was done, with a way back, or what did not work.

import { SvelteMap } from 'svelte/reactivity';

import { sentence } from '../host';

export interface Toast {
  text: string;
  problem: boolean;
  /** One thing that can be done about it, such as taking it back. */
  remedy?: { title: string; run: () => unknown };
}

/** How long a message stays, in milliseconds; a problem stays until it is dismissed. */
const stay = 5000;
let last = 0;

export const toasts = new SvelteMap<number, Toast>();

export function toast(text: string, remedy?: Toast['remedy']): void {
  const id = show({ text, problem: false, ...(remedy && { remedy }) });
  setTimeout(() => toasts.delete(id), stay);
}

/** Says why something did not work. */
export function complain(thrown: unknown): void {
  show({ text: sentence(thrown), problem: true });
}

/** Says what did not work, and offers what can be done about it. */
export function warn(text: string, remedy?: Toast['remedy']): void {
  show({ text, problem: true, ...(remedy && { remedy }) });
}

function show(one: Toast): number {
  last += 1;
  toasts.set(last, one);
  // More than a few would cover the screen.
  for (const id of [...toasts.keys()].slice(0, -3)) toasts.delete(id);
  return last;
}
