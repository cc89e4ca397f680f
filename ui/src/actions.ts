// Every action of the console, so that keys can be held against one another.

import { meetInScope, scopeOf, type Action } from './action';
import { activityActions } from './activity/actions';
import { faceActions } from './faces/actions';
import { chooseMode } from './faces/mode.svelte';
import { unknownActions } from './faces/unknown-actions';
import { walkGroups, walkPeople } from './faces/walk-actions';
import { wallActions } from './faces/wall-actions';
import { enrolmentActions, peopleActions } from './people/actions';
import { photoActions, playVideo } from './photo/actions';
import { boxActions, drawFace, editBoxes } from './photo/box-actions';
import { spotlightActions } from './photo/spotlight-actions';
import { safetyActions } from './safety/actions';
import { chooseMode as chooseSafetyMode } from './safety/mode.svelte';
import { appealPhoto } from './safety/appeal.svelte';
import { policyActions } from './safety/policy-actions';
import { reportPhoto } from './safety/report.svelte';
import { searchActions } from './search/actions';
import { windowActions } from './shell/actions';
import { systemActions } from './system/actions';

export const everyAction = [
  ...windowActions,
  ...photoActions,
  playVideo,
  drawFace,
  editBoxes,
  ...boxActions,
  ...spotlightActions,
  ...faceActions,
  ...chooseMode,
  ...wallActions,
  ...walkPeople,
  ...unknownActions,
  ...walkGroups,
  ...safetyActions,
  ...chooseSafetyMode,
  ...policyActions,
  ...searchActions,
  ...peopleActions,
  ...enrolmentActions,
  ...activityActions,
  ...systemActions,
] as readonly Action<never>[];

/** Actions that are on offer beside those of other scopes. What is edited on a photo takes keys from all of them. */
const beside: [readonly { id: string }[], string[]][] = [
  [photoActions, ['faces', 'safety']],
  [[reportPhoto], ['faces', 'search']],
  [[playVideo, drawFace], ['search']],
  [chooseSafetyMode, ['policies']],
  [[appealPhoto], ['search']],
  [chooseMode, ['wall', 'unknown']],
];

/** Whether two actions, by their ids, may be on offer at the same time. */
export function meet(one: string, two: string): boolean {
  const isBeside = (id: string, other: string) =>
    beside.some(
      ([actions, scopes]) =>
        actions.some((action) => action.id === id) && scopes.includes(scopeOf(other)),
    );
  return meetInScope(one, two) || isBeside(one, two) || isBeside(two, one);
}
