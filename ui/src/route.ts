// Where the operator is: `#/people/12`. In the address, so that back and forward work.

import { createSubscriber } from 'svelte/reactivity';

export const screens = ['search', 'faces', 'safety', 'people', 'activity', 'system'] as const;
export type ScreenName = (typeof screens)[number];

export interface Route {
  screen: ScreenName;
  /** What the screen shows in particular; it knows what the number means. */
  id: number | null;
}

const subscribe = createSubscriber((update) => {
  window.addEventListener('hashchange', update);
  return () => window.removeEventListener('hashchange', update);
});

/** The current place; components that read it are drawn again when it changes. */
export function route(): Route {
  subscribe();
  const [, name, id] = window.location.hash.split('/');
  return {
    screen: screens.find((screen) => screen === name) ?? 'search',
    id: id !== undefined && /^\d+$/.test(id) ? Number(id) : null,
  };
}

export function href(screen: ScreenName, id?: number): string {
  return id === undefined ? `#/${screen}` : `#/${screen}/${id}`;
}

/** Goes there; `instead` of the current place, when stepping through a list would fill the way back. */
export function go(screen: ScreenName, id?: number, instead = false): void {
  if (instead) window.location.replace(href(screen, id));
  else window.location.hash = href(screen, id);
}
