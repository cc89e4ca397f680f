// Where the spotlight is moved to, while there is one.

import { action, type Action } from '../action';
import { directions } from './box-actions';
import type { Spotlight } from './spotlight.svelte';

const nudges: Action<Spotlight>[] = directions.flatMap(([key, where, way, size]) => [
  action<Spotlight>({
    id: `spotlight.move-${key}`,
    title: `Move the spotlight ${where}`,
    keys: [key],
    run: (spotlight) => spotlight.shift(way),
  }),
  action<Spotlight>({
    id: `spotlight.resize-${key}`,
    title: `Make the spotlight ${size}`,
    keys: [`Shift+${key}`],
    run: (spotlight) => spotlight.grow(way),
  }),
]);

const putAway = action<Spotlight>({
  id: 'spotlight.put-away',
  title: 'Put the spotlight away',
  keys: ['Escape'],
  run: (spotlight) => spotlight.put(null),
});

export const spotlightActions = [...nudges, putAway];
