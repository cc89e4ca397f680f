// What the facets are called, and which of their values the query asks for.

import type { Facets } from '../bindings';
import { anytime, hasTime } from './terms';

export const facetNames: Record<string, string> = {
  tag: 'Tags',
  scene: 'Scenes',
  person: 'People',
  uploader: 'Uploaders',
  dept: 'Departments',
  event: 'Events',
  type: 'Type',
  safety: 'Safety',
};

/** A condition of the query that can be taken out of it. */
export interface Chip {
  label: string;
  /** The query's text without it */
  without: string;
}

/** Made from the query anew each time: what is chosen is written nowhere else. */
export function chips(text: string, facets: Facets | undefined): Chip[] {
  const chosen = (facets?.facets ?? []).flatMap(({ field, values }) =>
    values
      .filter(({ isChosen }) => isChosen)
      .map(({ value, toggled }) => ({ label: `${field}: ${value}`, without: toggled })),
  );
  const time = hasTime(text) ? [{ label: 'Only some time', without: anytime(text) }] : [];
  return [...chosen, ...time];
}
