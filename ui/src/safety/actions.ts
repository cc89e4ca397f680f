// What an admin says about media that wait.

import { action } from '../action';
import type { Group, SafetyItem } from '../bindings';
import { queueNames, queues } from './queues';
import { isVideo, type SafetyReview } from './review.svelte';

/** What the screen shows when a key is pressed. */
export interface Desk {
  review: SafetyReview;
  item: SafetyItem | undefined;
  /** The operator's own login. */
  own: string;
  writeReason: () => void;
  /** Shows how unsafe pictures look, or no longer. */
  turnVeil: () => void;
}

/** What the operator proposed is for others to decide. */
const isOwnProposal = ({ item }: Desk) => item?.queue === 'proposed';
/** One that waits for a decision, not for a second person's yes. */
const open = (desk: Desk) =>
  desk.item !== undefined && desk.item.queue !== 'confirm' && !isOwnProposal(desk);
const proposed = ({ item }: Desk) => item?.queue === 'confirm';
/** One whose decision has consequences: an opinion has none. */
const consequential = (desk: Desk) => open(desk) && desk.item?.queue !== 'second';
const any = ({ item }: Desk) => item !== undefined;
const theirs = (desk: Desk) => any(desk) && !isOwnProposal(desk);

/** Somebody has it: who looks at it, or whom they sent it to. */
const isHeld = ({ asked }: SafetyReview) => asked.queue === 'mine' || asked.queue === 'sent';

export const holdToReveal = action<Desk>({
  id: 'safety.reveal',
  title: 'Reveal while held',
  keys: ['Space'],
  enabled: any,
  run: ({ review, item }, press) => item && review.hold(item, press ?? 'command'),
});

export const holdToWatch = action<Desk>({
  id: 'safety.watch',
  title: 'Watch the video while held',
  keys: ['Shift+Space'],
  enabled: ({ item }) => item !== undefined && isVideo(item),
  run: ({ review, item }, press) => item && review.watch(item, press ?? 'command'),
});

export const aimSpotlight = action<Desk>({
  id: 'safety.spotlight',
  title: 'Spotlight: reveal only a part, and back',
  keys: ['z'],
  enabled: ({ review, item }) => item !== undefined && review.spotlight.ready,
  run: ({ review }) => review.spotlight.toggle(),
});

export const chooseVeil = action<Desk>({
  id: 'safety.veil',
  title: 'How unsafe pictures look',
  keys: ['f'],
  enabled: any,
  run: ({ turnVeil }) => turnVeil(),
});

export const decideSafe = action<Desk>({
  id: 'safety.safe',
  title: 'It is safe',
  keys: ['s'],
  enabled: open,
  run: ({ review, item }) => item && review.decide(item, 'safe'),
});

export const decideUnsafe = action<Desk>({
  id: 'safety.unsafe',
  title: 'It is unsafe, under the chosen policy',
  keys: ['u'],
  enabled: (desk) => open(desk) && desk.review.draft.policy !== undefined,
  run: ({ review, item }) => item && review.decide(item, 'unsafe'),
});

export const processAgain = action<Desk>({
  id: 'safety.again',
  title: 'Have it processed again',
  keys: ['p'],
  enabled: open,
  run: ({ review, item }) => item && review.decide(item, 'again'),
});

export const confirmProposal = action<Desk>({
  id: 'safety.confirm',
  title: 'Confirm what is proposed',
  keys: ['y'],
  enabled: proposed,
  run: ({ review, item }) => item && review.confirm(item, true),
});

export const declineProposal = action<Desk>({
  id: 'safety.decline',
  title: 'Decline what is proposed',
  keys: ['n'],
  enabled: proposed,
  run: ({ review, item }) => item && review.confirm(item, false),
});

export const withdrawProposal = action<Desk>({
  id: 'safety.withdraw',
  title: 'Withdraw what I proposed',
  keys: ['i'],
  enabled: isOwnProposal,
  run: ({ review, item }) => item && review.withdraw(item),
});

export const choosePolicy = Array.from({ length: 9 }, (_, index) =>
  action<Desk>({
    id: `safety.policy-${index + 1}`,
    title: `Choose policy ${index + 1}`,
    keys: [String(index + 1)],
    enabled: (desk) => open(desk) && desk.review.choices.some(({ place }) => place === index + 1),
    run: ({ review }) => {
      const policy = review.choices.find(({ place }) => place === index + 1);
      if (policy) review.choose(policy);
    },
  }),
);

export const chooseLess = action<Desk>({
  id: 'safety.policy-up',
  title: 'Back to the policy above',
  keys: ['Backspace'],
  enabled: ({ review }) => review.draft.policy !== undefined,
  run: ({ review }) => review.chooseLess(),
});

export const lessGrave = action<Desk>({
  id: 'safety.less-grave',
  title: 'Less severe',
  keys: [','],
  enabled: ({ review }) => review.draft.policy !== undefined && review.draft.severity > 1,
  run: ({ review }) => review.graver(-1),
});

export const moreGrave = action<Desk>({
  id: 'safety.more-grave',
  title: 'More severe',
  keys: ['.'],
  enabled: ({ review }) => review.draft.policy !== undefined && review.draft.severity < 4,
  run: ({ review }) => review.graver(1),
});

export const archivePost = action<Desk>({
  id: 'safety.archive',
  title: 'Archive the post, too',
  keys: ['a'],
  enabled: consequential,
  run: ({ review }) => (review.draft.archive = !review.draft.archive),
});

export const suspendUploader = action<Desk>({
  id: 'safety.suspend',
  title: 'Suspend the uploader, too',
  keys: ['d'],
  enabled: consequential,
  run: ({ review }) => (review.draft.suspend = !review.draft.suspend),
});

export const writeReason = action<Desk>({
  id: 'safety.reason',
  title: 'Write a reason',
  keys: ['r'],
  enabled: any,
  run: ({ writeReason }) => writeReason(),
});

export const keepItem = action<Desk>({
  id: 'safety.keep',
  title: 'Keep for myself',
  keys: ['h'],
  enabled: (desk) => theirs(desk) && !isHeld(desk.review),
  run: ({ review, item, own }) =>
    item && review.assign(item, own, review.draft.reason.trim(), 'Kept for you.'),
});

export const sendItem = action<Desk>({
  id: 'safety.send',
  title: 'Send to somebody',
  keys: ['t'],
  enabled: theirs,
  run: ({ review }) => (review.sending = true),
});

export const giveBack = action<Desk>({
  id: 'safety.give-back',
  title: 'Give back to all',
  keys: ['v'],
  enabled: ({ review, item }) => item !== undefined && isHeld(review),
  run: ({ review, item }) => item && review.assign(item, null, null, 'Given back.'),
});

const groups: [Group, string, string][] = [
  ['alike', 'l', 'Decide with its near-duplicates'],
  ['post', 'k', 'Decide the whole post'],
];

export const decideTogether = groups.map(([group, key, title]) =>
  action<Desk>({
    id: `safety.group-${group}`,
    title,
    keys: [key],
    // A second person's word is about one photo.
    enabled: consequential,
    run: ({ review }) => (review.group = group),
  }),
);

export const skipItem = action<Desk>({
  id: 'safety.skip',
  title: 'Skip',
  keys: ['x', 'ArrowRight'],
  enabled: any,
  run: ({ review }) => review.skip(),
});

export const previousItem = action<Desk>({
  id: 'safety.back',
  title: 'Back to the one before',
  keys: ['b', 'ArrowLeft'],
  enabled: ({ review }) => review.queue.skipped > 0,
  run: ({ review }) => review.back(),
});

export const chooseQueue = queues.map((queue, index) =>
  action<Desk>({
    id: `safety.queue-${queue}`,
    title: `Queue: ${queueNames[queue]}`,
    keys: [`q ${(index + 1) % 10}`],
    run: ({ review }) => review.ask({ queue }),
  }),
);

export const nextOrder = action<Desk>({
  id: 'safety.order',
  title: 'Order by age, severity or reach',
  keys: ['e'],
  run: ({ review }) => review.nextOrder(),
});

export const safetyActions = [
  holdToReveal,
  holdToWatch,
  aimSpotlight,
  chooseVeil,
  decideSafe,
  decideUnsafe,
  processAgain,
  confirmProposal,
  declineProposal,
  withdrawProposal,
  ...choosePolicy,
  chooseLess,
  lessGrave,
  moreGrave,
  archivePost,
  suspendUploader,
  writeReason,
  keepItem,
  sendItem,
  giveBack,
  ...decideTogether,
  skipItem,
  previousItem,
  ...chooseQueue,
  nextOrder,
];
