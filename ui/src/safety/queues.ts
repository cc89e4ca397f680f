// The queues of safety, by their names.

import type { QueueCount, SafetyItem, SafetyOrder, SafetyQuery, SafetyQueue } from '../bindings';
import { count, counted } from '../components/text';
import { span } from '../components/time';

export const queues: readonly SafetyQueue[] = [
  'flagged',
  'reported',
  'appeal',
  'second',
  'confirm',
  'disagreement',
  'failed',
  'mine',
  'sent',
  'proposed',
];

export const queueNames: Record<SafetyQueue, string> = {
  flagged: 'AI flagged',
  reported: 'Reported',
  appeal: 'Appeals',
  second: 'Second opinions',
  confirm: 'To confirm',
  disagreement: 'Contradictions',
  failed: 'Not processed',
  mine: 'Mine',
  sent: 'Sent',
  proposed: 'Proposed by you',
};

export const orders: readonly SafetyOrder[] = ['age', 'severity', 'reach'];

/** Where nobody has said yet how grave it is. */
const withoutSeverity: readonly SafetyQueue[] = ['flagged', 'disagreement', 'failed', 'second'];
/** What somebody has is few, and comes by its age. */
const byAge: readonly SafetyQueue[] = ['mine', 'sent', 'proposed'];

export function ordersOf(queue: SafetyQueue): readonly SafetyOrder[] {
  if (byAge.includes(queue)) return ['age'];
  return withoutSeverity.includes(queue) ? orders.filter((order) => order !== 'severity') : orders;
}

export const orderNames: Record<SafetyOrder, string> = {
  age: 'Oldest first',
  severity: 'Gravest first',
  reach: 'Widest reach first',
};

export const emptyQueue: Record<SafetyQueue, string> = {
  flagged: 'Nothing is waiting for a decision.',
  reported: 'Nobody has reported a photo.',
  appeal: 'No appeal waits for somebody new.',
  second: 'No decision waits for a second opinion.',
  confirm: 'Nothing waits to be confirmed.',
  disagreement: 'Nothing contradicts itself.',
  failed: 'Everything was processed.',
  mine: 'Nothing was kept or sent to you.',
  sent: 'Nothing that you sent to others still waits.',
  proposed: 'Nothing that you proposed waits for a second person.',
};

/** Beyond that it is not counted. */
const MOST = 10_000;

export const countText = (waiting: number): string =>
  waiting >= MOST ? `${count(MOST)}+` : count(waiting);

export function age(since: string, now: number): string {
  const seconds = (now - Date.parse(since)) / 1000;
  return Number.isFinite(seconds) ? span(seconds) : 'no date';
}

/** `AI flagged 38, oldest 3 h, 2 late` */
export function queueText({ queue, waiting, oldest, late }: QueueCount, now: number): string {
  const since = oldest === null ? '' : `, oldest ${age(oldest, now)}`;
  return `${queueNames[queue]} ${countText(waiting)}${since}${late > 0 ? `, ${countText(late)} late` : ''}`;
}

/** What is left to do, in a line. */
export function noteOf(
  { order }: SafetyQuery,
  left: number,
  count: QueueCount | undefined,
): string {
  const many = left >= MOST ? `${countText(left)} items` : counted(left, 'item');
  const target =
    count?.targetHours == null ? '' : `, none should wait ${span(count.targetHours * 3600)}`;
  return `${many} left, ${orderNames[order].toLowerCase()}${target}`;
}

/** What the AI's two words say; they may contradict each other. */
export function finding({ status, isSafe }: Pick<SafetyItem, 'status' | 'isSafe'>): string {
  if (status === null) return 'Not looked at by the AI';
  if (status === 'UNSAFE')
    return isSafe === true ? 'Flagged as unsafe, although marked safe' : 'Flagged as unsafe';
  const word = status.toLowerCase();
  return isSafe === false
    ? `Marked unsafe, although its status is ${word}`
    : `Status ${word}${isSafe === true ? ', marked safe' : ''}`;
}
