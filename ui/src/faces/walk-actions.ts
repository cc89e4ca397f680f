// From one to the next in the list beside a wall.

import { action } from '../action';

export interface Walkable {
  /** Somebody is in the list. */
  any: boolean;
  walk: (step: 1 | -1) => unknown;
}

const walking = (scope: string, one: string) =>
  (
    [
      ['next', `Next ${one}`, 'j', 1],
      ['previous', `Previous ${one}`, 'k', -1],
    ] as const
  ).map(([name, title, key, step]) =>
    action<Walkable>({
      id: `${scope}.${name}`,
      title,
      keys: [key],
      enabled: ({ any }) => any,
      run: (list) => list.walk(step),
    }),
  );

export const walkPeople = walking('wall', 'person');
export const walkGroups = walking('unknown', 'group');
