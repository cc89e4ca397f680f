// Light, dark, or whatever the system says; remembered on this machine.

import { createSubscriber } from 'svelte/reactivity';

export type Theme = 'system' | 'light' | 'dark';
export const themes: readonly Theme[] = ['system', 'light', 'dark'];

const key = 'kaleidoscope.theme';
let changed: (() => void) | undefined;
const subscribe = createSubscriber((update) => {
  changed = update;
  return () => (changed = undefined);
});

function remembered(): Theme {
  const value = localStorage.getItem(key);
  return themes.find((theme) => theme === value) ?? 'system';
}

/** Draws the window in the remembered theme; called once before the first component. */
export function applyTheme(): void {
  const theme = remembered();
  if (theme === 'system') delete document.documentElement.dataset['theme'];
  else document.documentElement.dataset['theme'] = theme;
}

/** The chosen theme; components that read it are drawn again when it changes. */
export function theme(): Theme {
  subscribe();
  return remembered();
}

export function chooseTheme(theme: Theme): void {
  localStorage.setItem(key, theme);
  applyTheme();
  changed?.();
}
