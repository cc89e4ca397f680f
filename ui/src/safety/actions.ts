// What an admin says about flagged media.

import { action } from '../action';
import type { SafetyItem } from '../bindings';
import type { SafetyReview } from './review.svelte';

/** What the screen shows when a key is pressed. */
export interface Desk {
  review: SafetyReview;
  item: SafetyItem | undefined;
  writeReason: () => void;
}

export const holdToReveal = action<Desk>({
  id: 'safety.reveal',
  title: 'Reveal while held',
  keys: ['Space'],
  enabled: ({ item }) => item !== undefined,
  run: ({ review, item }) => item && review.hold(item),
});

export const decideSafe = action<Desk>({
  id: 'safety.safe',
  title: 'It is safe',
  keys: ['s'],
  enabled: ({ item }) => item !== undefined,
  run: ({ review, item }) => item && review.decide(item, true),
});

export const decideUnsafe = action<Desk>({
  id: 'safety.unsafe',
  title: 'It is unsafe',
  keys: ['u'],
  enabled: ({ item }) => item !== undefined,
  run: ({ review, item }) => item && review.decide(item, false),
});

export const writeReason = action<Desk>({
  id: 'safety.reason',
  title: 'Write a reason',
  keys: ['r'],
  enabled: ({ item }) => item !== undefined,
  run: ({ writeReason }) => writeReason(),
});

export const skipItem = action<Desk>({
  id: 'safety.skip',
  title: 'Skip',
  keys: ['x', 'ArrowRight'],
  enabled: ({ item }) => item !== undefined,
  run: ({ review }) => review.skip(),
});

export const previousItem = action<Desk>({
  id: 'safety.back',
  title: 'Back to the one before',
  keys: ['b', 'ArrowLeft'],
  enabled: ({ review }) => review.queue.skipped > 0,
  run: ({ review }) => review.back(),
});

export const safetyActions = [
  holdToReveal,
  decideSafe,
  decideUnsafe,
  writeReason,
  skipItem,
  previousItem,
];
