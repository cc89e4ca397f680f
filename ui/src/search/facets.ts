// What the facets are called, and which of their values the query asks for.

import type { Facets, FacetValue } from '../bindings';
import { also, hasTime, term } from './terms';

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

/** The facets of a text. */
export type FacetsOf = Facets & { text: string };

/** A value that is chosen, or chosen no longer, in the facets of a text. */
export interface Press {
  of: string;
  field: string;
  value: FacetValue;
}

/** A condition of the query that can be taken out of it. */
export interface Chip {
  label: string;
  /** Undefined: all conditions on the time */
  press: Press | undefined;
}

/** Made from the query anew each time: what is chosen is written nowhere else. */
export function chips(text: string, facets: FacetsOf | undefined): Chip[] {
  const chosen = (facets?.facets ?? []).flatMap(({ field, values }) =>
    values
      .filter(({ isChosen }) => isChosen)
      .map((value) => ({
        label: `${field}: ${value.value}`,
        press: { of: facets?.text ?? '', field, value },
      })),
  );
  const time = hasTime(text) ? [{ label: 'Only some time', press: undefined }] : [];
  return [...chosen, ...time];
}

/** The text after a press that was made on the facets of an earlier one; `facets` are those of this text. */
export function pressedLater({ field, value }: Press, facets: FacetsOf): string {
  const { text } = facets;
  const now = facets.facets
    .find((facet) => facet.field === field)
    ?.values.find((own) => own.value === value.value);
  if (now !== undefined) return now.isChosen === value.isChosen ? now.toggled : text;
  const name = field === 'type' || field === 'safety' ? 'is' : field;
  return value.isChosen ? text : also(text, term(name, value.value));
}
