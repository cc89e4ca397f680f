// The operator at the window, for whatever is drawn inside the shell.

import { getContext, setContext } from 'svelte';

import type { Operator } from '../bindings';

const key = Symbol('operator');

export function provideOperator(operator: () => Operator): void {
  setContext(key, operator);
}

/** Called while a component is set up; the returned function always knows who it is now. */
export function useOperator(): () => Operator {
  return getContext(key);
}
