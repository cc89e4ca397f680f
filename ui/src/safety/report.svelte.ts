// Photos that are about to be reported, from wherever they are seen.

import { action } from '../action';

export const reporting = $state<{ media: readonly number[] }>({ media: [] });

/** What can be reported where the action is offered. */
export interface Reportable {
  media: readonly number[];
}

export const reportPhoto = action<Reportable>({
  id: 'photo.report',
  title: 'Report photo…',
  keys: ['!'],
  enabled: ({ media }) => media.length > 0,
  run: ({ media }) => {
    reporting.media = [...media];
  },
});
