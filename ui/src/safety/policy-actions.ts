// What can be done with the tree of policies: by key, button and palette.

import { action } from '../action';
import type { Policy } from '../bindings';

/** What the screen shows. */
export interface PolicyDesk {
  chosen: Policy | undefined;
  /** A text is being written. */
  isWriting: boolean;
  /** Another one is not begun, and nothing else done, until this is answered. */
  isBusy: boolean;
  walk: (by: 1 | -1) => unknown;
  revise: () => unknown;
  addPart: () => unknown;
  leave: () => unknown;
  retire: (isRetired: boolean) => unknown;
  turnRetired: () => unknown;
}

const free = ({ isWriting, isBusy }: PolicyDesk) => !isWriting && !isBusy;
const mine = (desk: PolicyDesk) => free(desk) && desk.chosen?.mayRevise === true;

export const nextPolicy = action<PolicyDesk>({
  id: 'policies.next',
  title: 'Next policy',
  keys: ['ArrowDown', 'j'],
  enabled: free,
  run: ({ walk }) => walk(1),
});

export const previousPolicy = action<PolicyDesk>({
  id: 'policies.previous',
  title: 'Policy before',
  keys: ['ArrowUp', 'k'],
  enabled: free,
  run: ({ walk }) => walk(-1),
});

export const revise = action<PolicyDesk>({
  id: 'policies.revise',
  title: 'Revise the text',
  keys: ['e'],
  enabled: (desk) => mine(desk) && desk.chosen?.isRetired === false,
  run: ({ revise }) => revise(),
});

export const addPart = action<PolicyDesk>({
  id: 'policies.add',
  title: 'Add a part',
  keys: ['n'],
  enabled: (desk) => mine(desk) && desk.chosen?.parent === null && desk.chosen.isRetired === false,
  run: ({ addPart }) => addPart(),
});

export const retire = action<PolicyDesk>({
  id: 'policies.retire',
  title: 'Retire it',
  keys: ['Delete'],
  enabled: (desk) => mine(desk) && desk.chosen?.isRetired === false,
  run: ({ retire }) => retire(true),
});

export const takeUp = action<PolicyDesk>({
  id: 'policies.take-up',
  title: 'Take it up again',
  keys: ['u'],
  enabled: (desk) => mine(desk) && desk.chosen?.isRetired === true,
  run: ({ retire }) => retire(false),
});

export const showRetired = action<PolicyDesk>({
  id: 'policies.retired',
  title: 'Show those that are retired, or not',
  keys: ['r'],
  enabled: free,
  run: ({ turnRetired }) => turnRetired(),
});

export const leaveDraft = action<PolicyDesk>({
  id: 'policies.leave',
  title: 'Leave the text as it is',
  keys: ['Escape'],
  enabled: ({ isWriting, isBusy }) => isWriting && !isBusy,
  run: ({ leave }) => leave(),
});

export const policyActions = [
  nextPolicy,
  previousPolicy,
  revise,
  addPart,
  retire,
  takeUp,
  showRetired,
  leaveDraft,
];
