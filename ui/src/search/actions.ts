// What can be done on the search screen: by key, menu, button and palette.

import { action, type Action } from '../action';
import type { Sort } from '../bindings';
import { appealPhoto } from '../safety/appeal.svelte';
import { reportPhoto } from '../safety/report.svelte';
import type { Kind, Search } from './search.svelte';
import { copyIds, copyLink as copyLinkOf } from './ways';

/** What the search screen shows. */
export interface SearchScreen {
  search: Search;
  /** A photo or post is open beside the grid. */
  open: boolean;
  /** Media in the grid */
  found: number;
  /** There may be hits of the kind that is shown. */
  exportable: boolean;
  /** The photos that an action is about: the selected ones, else the one that is open or focused */
  media: readonly number[];
  /** The only one that it is about */
  one: { mediaId: number; postId: number; people: readonly string[]; uploader: string } | undefined;
  /** The operator corrects what the AI said. */
  mayCorrect: boolean;
  /** The operator says who is on a photo. */
  mayReview: boolean;
  /** The operator decides what may be shown, and takes appeals down. */
  mayJudge: boolean;
  focusBox: () => unknown;
  showHelp: () => unknown;
  walk: (across: number, down?: number) => unknown;
  extend: (across: number, down?: number) => unknown;
  goTo: (place: 'start' | 'end') => unknown;
  toggle: () => unknown;
  openPhoto: () => unknown;
  close: () => unknown;
  goToPerson: (username: string) => unknown;
  openPost: (postId: number) => unknown;
  review: (mediaId: number) => unknown;
  /** Through the faces of the selected photos, or else of all that were found. */
  workThrough: () => unknown;
  correct: () => unknown;
  save: () => unknown;
  showSaved: () => unknown;
  exportAll: () => unknown;
}

const inGrid = ({ search, found }: SearchScreen) => search.kind === 'media' && found > 0;
const some = ({ media }: SearchScreen) => media.length > 0;
const one = (screen: SearchScreen) => screen.one !== undefined;

const examples = ({ media }: SearchScreen) => media.map((id) => ({ kind: 'media' as const, id }));

export const focusBox = action<SearchScreen>({
  id: 'search.box',
  title: 'Search for something',
  keys: ['/'],
  run: ({ focusBox }) => focusBox(),
});

export const showHelp = action<SearchScreen>({
  id: 'search.help',
  title: 'How to search',
  keys: ['F1'],
  whileTyping: true,
  run: ({ showHelp }) => showHelp(),
});

export const toggleFacets = action<SearchScreen>({
  id: 'search.facets',
  title: 'Show or hide the facets',
  keys: ['f'],
  run: ({ search }) => search.toggleFacets(),
});

const walking = (
  [
    ['next', 'Next photo', ['ArrowRight', 'l'], 1, 0],
    ['previous', 'Previous photo', ['ArrowLeft', 'h'], -1, 0],
    ['below', 'Photo below', ['ArrowDown', 'j'], 0, 1],
    ['above', 'Photo above', ['ArrowUp', 'k'], 0, -1],
    ['screen-below', 'A screen down', ['PageDown'], 0, 4],
    ['screen-above', 'A screen up', ['PageUp'], 0, -4],
  ] as const
).map(([name, title, keys, across, down]) =>
  action<SearchScreen>({
    id: `search.${name}`,
    title,
    keys,
    enabled: inGrid,
    run: ({ walk }) => walk(across, down),
  }),
);

const extending = (
  [
    ['right', 'Select on to the right', 'ArrowRight', 1, 0],
    ['left', 'Select on to the left', 'ArrowLeft', -1, 0],
    ['down', 'Select on down', 'ArrowDown', 0, 1],
    ['up', 'Select on up', 'ArrowUp', 0, -1],
  ] as const
).map(([name, title, key, across, down]) =>
  action<SearchScreen>({
    id: `search.select-${name}`,
    title,
    keys: [`Shift+${key}`],
    enabled: inGrid,
    run: ({ extend }) => extend(across, down),
  }),
);

const jumping = (['start', 'end'] as const).map((place) =>
  action<SearchScreen>({
    id: `search.${place}`,
    title: place === 'start' ? 'First photo' : 'Last photo that can be reached',
    keys: [place === 'start' ? 'Home' : 'End'],
    enabled: inGrid,
    run: ({ goTo }) => goTo(place),
  }),
);

export const select = action<SearchScreen>({
  id: 'search.select',
  title: 'Select the photo, or let it go',
  keys: ['Space', 'x'],
  enabled: inGrid,
  run: ({ toggle }) => toggle(),
});

export const selectAll = action<SearchScreen>({
  id: 'search.select-all',
  title: 'Select all photos',
  keys: ['Ctrl+a'],
  enabled: inGrid,
  run: ({ search }) => search.selectAll(),
});

export const openPhoto = action<SearchScreen>({
  id: 'search.open',
  title: 'Open',
  keys: ['Enter'],
  enabled: one,
  run: ({ openPhoto }) => openPhoto(),
});

export const close = action<SearchScreen>({
  id: 'search.close',
  title: 'Let go of the selection, close the photo',
  keys: ['Escape'],
  enabled: ({ search, open }) => open || search.selection.size > 0,
  run: ({ close }) => close(),
});

export const similar = action<SearchScreen>({
  id: 'search.similar',
  title: 'Similar to this',
  keys: ['s'],
  enabled: one,
  run: ({ search, one }) => one && search.similarTo({ kind: 'media', id: one.mediaId }),
});

export const moreLike = action<SearchScreen>({
  id: 'search.more',
  title: 'More like these',
  keys: ['m'],
  enabled: some,
  run: (screen) => screen.search.more(examples(screen)),
});

export const lessLike = action<SearchScreen>({
  id: 'search.less',
  title: 'Less like these',
  keys: ['n'],
  enabled: some,
  run: (screen) => screen.search.less(examples(screen)),
});

export const forgetExamples = action<SearchScreen>({
  id: 'search.forget-examples',
  title: 'Without examples',
  keys: [],
  enabled: ({ search }) => search.hasExamples,
  run: ({ search }) => search.forgetExamples(),
});

export const goToPerson = action<SearchScreen>({
  id: 'search.person',
  title: "Person's page",
  keys: ['p'],
  enabled: ({ one }) => one !== undefined && one.people.length > 0,
  run: ({ one, goToPerson }) => one?.people[0] !== undefined && goToPerson(one.people[0]),
});

export const goToUploader = action<SearchScreen>({
  id: 'search.uploader',
  title: "Uploader's page",
  keys: ['u'],
  enabled: one,
  run: ({ one, goToPerson }) => one && goToPerson(one.uploader),
});

export const openPost = action<SearchScreen>({
  id: 'search.post',
  title: "Post's page",
  keys: ['t'],
  enabled: one,
  run: ({ one, openPost }) => one && openPost(one.postId),
});

export const copyLink = action<SearchScreen>({
  id: 'search.copy-link',
  title: 'Copy link',
  keys: ['y'],
  enabled: one,
  run: ({ one }) => one && copyLinkOf(one.mediaId),
});

export const copyId = action<SearchScreen>({
  id: 'search.copy-id',
  title: 'Copy id',
  keys: ['i'],
  enabled: some,
  run: ({ media }) => copyIds(media),
});

export const review = action<SearchScreen>({
  id: 'search.review',
  title: 'Send to review',
  keys: ['r'],
  enabled: ({ one, mayReview }) => one !== undefined && mayReview,
  run: ({ one, review }) => one && review(one.mediaId),
});

export const correct = action<SearchScreen>({
  id: 'search.correct',
  title: 'Correct caption, tags and scenes',
  keys: ['e'],
  enabled: (screen) => some(screen) && screen.mayCorrect,
  run: ({ correct }) => correct(),
});

export const undo = action<SearchScreen>({
  id: 'search.undo',
  title: 'Take the last correction back',
  keys: ['Ctrl+z'],
  enabled: ({ search }) => search.corrections.canUndo,
  run: ({ search }) => search.corrections.undo(),
});

export const save = action<SearchScreen>({
  id: 'search.save',
  title: 'Save this search',
  keys: ['Ctrl+s'],
  whileTyping: true,
  enabled: ({ search }) => search.canBeSaved && search.problem === undefined,
  run: ({ save }) => save(),
});

export const workThrough = action<SearchScreen>({
  id: 'search.faces',
  title: 'Go through their faces',
  keys: ['w'],
  enabled: (screen) => screen.mayReview && inGrid(screen) && !screen.open,
  run: ({ workThrough }) => workThrough(),
});

export const showSaved = action<SearchScreen>({
  id: 'search.saved',
  title: 'Saved searches',
  keys: ['v'],
  run: ({ showSaved }) => showSaved(),
});

export const exportAll = action<SearchScreen>({
  id: 'search.export',
  title: 'Export the result',
  keys: ['Ctrl+e'],
  whileTyping: true,
  enabled: ({ exportable }) => exportable,
  run: ({ exportAll }) => exportAll(),
});

export const sortNames: Record<Sort, string> = {
  relevance: 'Relevance',
  newest: 'Newest',
  oldest: 'Oldest',
  reactions: 'Most reactions',
};

export const sorts = ['relevance', 'newest', 'oldest', 'reactions'] as const;

export const sortBy = Object.fromEntries(
  sorts.map((sort) => [
    sort,
    action<SearchScreen>({
      id: `search.sort-${sort}`,
      title: `Order: ${sortNames[sort].toLowerCase()}`,
      keys: [],
      run: ({ search }) => (search.sort = sort),
    }),
  ]),
) as Record<Sort, Action<SearchScreen>>;

export const kindNames: Record<Kind, string> = {
  media: 'Media',
  posts: 'Posts',
  people: 'People',
  faces: 'Faces',
};

export const showKind = (['media', 'posts', 'people', 'faces'] as const).map((kind, index) =>
  action<SearchScreen>({
    id: `search.show-${kind}`,
    title: `Show ${kindNames[kind].toLowerCase()}`,
    keys: [String(index + 1)],
    run: ({ search }) => (search.kind = kind),
  }),
);

/** Offered on a photo, in groups. */
export const photoMenu: readonly (readonly Action<SearchScreen>[])[] = [
  [openPhoto, similar, moreLike, lessLike],
  [goToPerson, goToUploader, openPost],
  [correct, review, reportPhoto, appealPhoto],
  [copyLink, copyId],
];

/** Offered beside a photo that is open. */
export const photoButtons = [
  similar,
  moreLike,
  lessLike,
  openPost,
  correct,
  review,
  reportPhoto,
  appealPhoto,
];

/** Offered on a selection. */
export const selectionButtons = [moreLike, lessLike, correct, workThrough, copyId, close];

export const searchActions: readonly Action<SearchScreen>[] = [
  focusBox,
  showHelp,
  toggleFacets,
  ...walking,
  ...jumping,
  select,
  ...extending,
  selectAll,
  openPhoto,
  close,
  similar,
  moreLike,
  lessLike,
  forgetExamples,
  goToPerson,
  goToUploader,
  openPost,
  correct,
  undo,
  review,
  reportPhoto,
  appealPhoto,
  workThrough,
  copyLink,
  copyId,
  save,
  showSaved,
  exportAll,
  ...Object.values(sortBy),
  ...showKind,
];
