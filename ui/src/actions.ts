// Every action of the console, so that keys can be held against one another.

import type { Action } from './action';
import { activityActions } from './activity/actions';
import { faceActions } from './faces/actions';
import { chooseMode } from './faces/mode.svelte';
import { wallActions } from './faces/wall-actions';
import { enrolmentActions, peopleActions } from './people/actions';
import { photoActions, playVideo } from './photo/actions';
import { boxActions, editBoxes } from './photo/box-actions';
import { spotlightActions } from './photo/spotlight-actions';
import { safetyActions } from './safety/actions';
import { chooseMode as chooseSafetyMode } from './safety/mode.svelte';
import { searchActions } from './search/actions';
import { windowActions } from './shell/actions';
import { systemActions } from './system/actions';

export const everyAction = [
  ...windowActions,
  ...photoActions,
  playVideo,
  editBoxes,
  ...boxActions,
  ...spotlightActions,
  ...faceActions,
  ...chooseMode,
  ...wallActions,
  ...safetyActions,
  ...chooseSafetyMode,
  ...searchActions,
  ...peopleActions,
  ...enrolmentActions,
  ...activityActions,
  ...systemActions,
] as readonly Action<never>[];
