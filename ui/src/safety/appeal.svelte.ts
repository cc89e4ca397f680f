// A photo against whose decision an appeal is about to be taken down, from wherever it is seen.

import { action } from '../action';

export const appealing = $state<{ media: number | undefined }>({ media: undefined });

/** What can be appealed against where the action is offered. */
export interface Appealable {
  one: { mediaId: number } | undefined;
  /** The operator takes appeals down. */
  mayJudge: boolean;
}

export const appealPhoto = action<Appealable>({
  id: 'photo.appeal',
  title: 'Take down an appeal…',
  keys: [],
  enabled: ({ one, mayJudge }) => mayJudge && one !== undefined,
  run: ({ one }) => {
    appealing.media = one?.mediaId;
  },
});
