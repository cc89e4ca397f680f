// A list may be higher than the web view can lay out. Then the scroll bar stands for the whole, and the wheel still moves
// by pixels: `shift` is what lies between the two.

/** Web views lay out 33 million pixels at most. */
export const TALLEST = 8_000_000;

export interface Place {
  /** Of the scroll bar, in pixels */
  top: number;
  /** What is added to it: `top + shift` is the place in the list */
  shift: number;
}

interface Heights {
  /** Of the list */
  list: number;
  /** What is seen of it */
  view: number;
}

export const laidOut = (list: number): number => Math.min(list, TALLEST);

/** The place after the scroll bar went to `top`: by pixels for a small step, in proportion for a leap. */
export function scrolled({ top: before, shift }: Place, top: number, heights: Heights): Place {
  const step = top - before;
  const atEdge = top <= 0 || top >= laidOut(heights.list) - heights.view;
  if (Math.abs(step) < heights.view && !atEdge) return within({ top, shift }, heights);
  const room = Math.max(1, laidOut(heights.list) - heights.view);
  const wanted = (Math.min(Math.max(0, top), room) / room) * (heights.list - heights.view);
  return { top, shift: heights.list <= TALLEST ? 0 : Math.max(0, wanted) - top };
}

/** Where the scroll bar has to be for a place in the list. */
export function placeOf(at: number, heights: Heights): Place {
  const most = Math.max(0, heights.list - heights.view);
  const place = Math.min(Math.max(0, at), most);
  if (heights.list <= TALLEST) return { top: place, shift: 0 };
  const room = laidOut(heights.list) - heights.view;
  const top = Math.round((place / most) * room);
  return { top, shift: place - top };
}

function within(place: Place, { list, view }: Heights): Place {
  const most = Math.max(0, list - view);
  const at = Math.min(Math.max(0, place.top + place.shift), most);
  return { top: place.top, shift: list <= TALLEST ? 0 : at - place.top };
}
