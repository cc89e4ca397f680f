// The tree of policies: those at the top, and what is part of each.

import type { Policy, PolicyDraft } from '../bindings';

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

/** Policies as they are now, each top with its parts behind it; those that are retired only where asked for. */
export function outlineOf(policies: readonly Policy[], withRetired: boolean): Policy[] {
  const newest = new Map<string, Policy>();
  for (const policy of policies)
    if (policy.version > (newest.get(policy.code)?.version ?? 0)) newest.set(policy.code, policy);
  const shown = [...newest.values()]
    .filter(({ isRetired }) => withRetired || !isRetired)
    .sort((one, two) => one.place - two.place || one.id - two.id);
  const top = shown.filter(({ parent }) => parent === null);
  const parts = shown.filter(({ parent }) => parent !== null);
  return top.flatMap((policy) => [policy, ...parts.filter(({ parent }) => parent === policy.code)]);
}

/** The newest first. */
export const versionsOf = (policies: readonly Policy[], code: string): Policy[] =>
  policies.filter((policy) => policy.code === code).sort((one, two) => two.version - one.version);

/** Who has which place among the parts of a policy, or at the top. */
export const placesIn = (
  policies: readonly Policy[],
  parent: string | null,
  except: string,
): ReadonlyMap<number, string> =>
  new Map(
    policies
      .filter((policy) => policy.isCurrent && policy.parent === parent && policy.code !== except)
      .map(({ place, name }) => [place, name]),
  );

export const places = [1, 2, 3, 4, 5, 6, 7, 8, 9] as const;

/** What is to be revised, as it is. */
export const draftOf = (policy: Policy): PolicyDraft => ({
  code: policy.code,
  seen: policy.version,
  parent: policy.parent,
  place: policy.place,
  name: policy.name,
  covers: policy.covers,
  excludes: policy.excludes,
  severity: policy.severity,
  isRetired: policy.isRetired,
});

/** A part of a policy that is not there yet. */
export function partOf(policies: readonly Policy[], top: Policy): PolicyDraft {
  const taken = placesIn(policies, top.code, '');
  return {
    code: '',
    seen: 0,
    parent: top.code,
    place: places.find((place) => !taken.has(place)) ?? 9,
    name: '',
    covers: '',
    excludes: '',
    severity: top.severity,
    isRetired: false,
  };
}

/** `Spam & links` within `spam`: `spam_spam_links`; small letters and underscores, 40 at most. */
export function codeOf(parent: string | null, name: string): string {
  const word = name
    .normalize('NFKD')
    .toLowerCase()
    .replace(/[^a-z]+/g, '_')
    .replace(/^_+|_+$/g, '');
  return [parent, word].filter(Boolean).join('_').slice(0, 40).replace(/_+$/, '');
}

export const severities = [1, 2, 3, 4] as const;

export const severityNames: Record<number, string> = {
  1: 'slight',
  2: 'moderate',
  3: 'serious',
  4: 'grave',
};
