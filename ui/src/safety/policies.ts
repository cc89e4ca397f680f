// The tree of policies: those at the top, and what is part of each.

import type { Policy } from '../bindings';

export interface Tree {
  top: Policy[];
  partsOf: (policy: Policy) => Policy[];
  /** Any version, also one by which nothing is decided any more. */
  byId: (id: number | null) => Policy | undefined;
}

export function treeOf(policies: readonly Policy[]): Tree {
  const inOrder = policies
    .filter(({ isCurrent }) => isCurrent)
    .sort((one, two) => one.place - two.place || one.id - two.id);
  return {
    top: inOrder.filter(({ parent }) => parent === null),
    partsOf: ({ code }) => inOrder.filter(({ parent }) => parent === code),
    byId: (id) => policies.find((policy) => policy.id === id),
  };
}

export const severities = [1, 2, 3, 4] as const;

export const severityNames: Record<number, string> = {
  1: 'slight',
  2: 'moderate',
  3: 'serious',
  4: 'grave',
};
