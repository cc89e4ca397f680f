// What an admin is about to say of a medium, before it is said.

import type { Policy, Ruling, SafetyQueue, SafetyWord } from '../bindings';

export interface Draft {
  policy: Policy | undefined;
  severity: number;
  archive: boolean;
  suspend: boolean;
  reason: string;
}

export const blank = (): Draft => ({
  policy: undefined,
  severity: 2,
  archive: false,
  suspend: false,
  reason: '',
});

export const isBlank = ({ policy, archive, suspend, reason }: Draft): boolean =>
  policy === undefined && !archive && !suspend && reason === '';

/** The draft as a decision; only what is unsafe has a policy and consequences. */
export function wordOf(ruling: Ruling, draft: Draft): SafetyWord {
  const reason = draft.reason.trim();
  const isUnsafe = ruling === 'unsafe';
  return {
    ruling,
    policy: isUnsafe ? (draft.policy?.id ?? null) : null,
    severity: isUnsafe ? draft.severity : null,
    archive: isUnsafe && draft.archive,
    suspend: isUnsafe && draft.suspend,
    reason: reason === '' ? null : reason,
  };
}

/** It needs somebody else's word, too. */
export const takesTwo = ({ policy, suspend }: Draft): boolean =>
  suspend || (policy?.isRestricted ?? false);

const rulings: Record<Ruling, string> = {
  safe: 'safe',
  unsafe: 'unsafe',
  again: 'to be processed again',
};

/** What a second opinion comes to is not told: its author is not to learn what the first one was. */
export function inWords(ruling: Ruling, draft: Draft, queue: SafetyQueue): string {
  if (queue === 'second') return `Noted as your opinion: ${rulings[ruling]}.`;
  return ruling === 'unsafe' && takesTwo(draft)
    ? 'Proposed: a second person confirms it.'
    : `Decided: ${rulings[ruling]}.`;
}
