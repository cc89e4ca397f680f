import { action } from '../action';

/** What the search screen shows. */
export interface SearchScreen {
  /** A photo is open beside the grid. */
  open: boolean;
  found: number;
  focusBox: () => unknown;
  walk: (across: number, down?: number) => unknown;
  close: () => unknown;
}

const anyFound = ({ found }: SearchScreen) => found > 0;

export const focusBox = action<SearchScreen>({
  id: 'search.box',
  title: 'Search for something',
  keys: ['/'],
  run: ({ focusBox }) => focusBox(),
});

export const nextPhoto = action<SearchScreen>({
  id: 'search.next',
  title: 'Next photo',
  keys: ['ArrowRight', 'l'],
  enabled: anyFound,
  run: ({ walk }) => walk(1),
});

export const previousPhoto = action<SearchScreen>({
  id: 'search.previous',
  title: 'Previous photo',
  keys: ['ArrowLeft', 'h'],
  enabled: anyFound,
  run: ({ walk }) => walk(-1),
});

export const photoBelow = action<SearchScreen>({
  id: 'search.below',
  title: 'Photo below',
  keys: ['ArrowDown', 'j'],
  enabled: anyFound,
  run: ({ walk }) => walk(0, 1),
});

export const photoAbove = action<SearchScreen>({
  id: 'search.above',
  title: 'Photo above',
  keys: ['ArrowUp', 'k'],
  enabled: anyFound,
  run: ({ walk }) => walk(0, -1),
});

export const closePhoto = action<SearchScreen>({
  id: 'search.close',
  title: 'Close the photo',
  keys: ['Escape'],
  enabled: ({ open }) => open,
  run: ({ close }) => close(),
});

export const searchActions = [
  focusBox,
  nextPhoto,
  previousPhoto,
  photoBelow,
  photoAbove,
  closePhoto,
];
