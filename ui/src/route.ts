// Where the operator is: `#/people/12`, `#/search/post/7`. In the address, so that back and forward work.

import { createSubscriber } from 'svelte/reactivity';

export const screens = ['search', 'faces', 'safety', 'people', 'activity', 'system'] as const;
export type ScreenName = (typeof screens)[number];

/** What a screen shows in particular, where that is not what its numbers usually mean. */
export type Part = 'post';

export interface Route {
  screen: ScreenName;
  part: Part | null;
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
  const [, name, ...rest] = window.location.hash.split('/');
  const part = rest[0] === 'post' ? rest[0] : null;
  const id = part === null ? rest[0] : rest[1];
  return {
    screen: screens.find((screen) => screen === name) ?? 'search',
    part,
    id: id !== undefined && /^\d+$/.test(id) ? Number(id) : null,
  };
}

export function href(screen: ScreenName, id?: number, part?: Part): string {
  const within = part === undefined ? '' : `/${part}`;
  return id === undefined ? `#/${screen}` : `#/${screen}${within}/${id}`;
}

/** Goes there; `instead` of the current place, when stepping through a list would fill the way back. */
export function go(screen: ScreenName, id?: number, instead = false, part?: Part): void {
  if (instead) window.location.replace(href(screen, id, part));
  else window.location.hash = href(screen, id, part);
}
