// Every action of the console, so that keys can be held against one another.

import type { Action } from './action';
import { windowActions } from './shell/actions';

export const everyAction = [...windowActions] as readonly Action<never>[];
