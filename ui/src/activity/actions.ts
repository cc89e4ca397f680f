import { action } from '../action';

/** What the activity screen shows. */
export interface ActivityScreen {
  admin: boolean;
  verifying: boolean;
  entries: number;
  open: boolean;
  walk: (step: number) => unknown;
  close: () => unknown;
  verify: () => unknown;
}

const anyEntries = ({ entries }: ActivityScreen) => entries > 0;

export const nextEntry = action<ActivityScreen>({
  id: 'activity.next',
  title: 'Next entry',
  keys: ['ArrowDown', 'j'],
  enabled: anyEntries,
  run: ({ walk }) => walk(1),
});

export const previousEntry = action<ActivityScreen>({
  id: 'activity.previous',
  title: 'Previous entry',
  keys: ['ArrowUp', 'k'],
  enabled: anyEntries,
  run: ({ walk }) => walk(-1),
});

export const closeEntry = action<ActivityScreen>({
  id: 'activity.close',
  title: 'Close the entry',
  keys: ['Escape'],
  enabled: ({ open }) => open,
  run: ({ close }) => close(),
});

export const verifyLog = action<ActivityScreen>({
  id: 'activity.verify',
  title: 'Verify the log',
  keys: ['v'],
  enabled: ({ admin, verifying }) => admin && !verifying,
  run: ({ verify }) => verify(),
});

export const activityActions = [nextEntry, previousEntry, closeEntry, verifyLog];
