// How the work goes, in words and in bars. The clock is passed in.

import type { Accuracy, Agreement, FaceCounts, Progress, Share, Today } from '../bindings';
import { dayBars as barsOfDays, hourBars as barsOfHours, type Bar } from '../components/days';
import { count, counted } from '../components/text';
import { span } from '../components/time';

export { dayBounds, dayName as weekName } from '../components/days';

const asCounted = ({ from, faces }: Progress['days'][number]) => ({ from, count: faces });

export const hourBars = (hours: Progress['hours'], bounds: readonly [string, string]): Bar[] =>
  barsOfHours(hours.map(asCounted), bounds);

export const dayBars = (days: Progress['days']): Bar[] => barsOfDays(days.map(asCounted));

export const percent = (share: number): string => `${Math.round(share * 1000) / 10} %`;

/** `between 76.4 % and 99.1 %` */
export const intervalOf = ({ low, high }: Share): string =>
  `between ${percent(low)} and ${percent(high)}`;

export function accuracyInWords({ answered, least, share }: Accuracy): string {
  return share === null
    ? `Not enough yet: ${count(answered)} of ${count(least)}`
    : `${percent(share.share)} of ${counted(answered, 'control item')}`;
}

export function agreementInWords({ faces, alike }: Agreement): string {
  return `${percent(alike)} alike on ${counted(faces, 'face')}`;
}

/** `0.62`; a dash where chance alone would bring full agreement. */
export const kappaText = (kappa: number | null): string => kappa?.toFixed(2) ?? '–';

export const paceText = (pace: number | null): string =>
  pace === null ? '–' : count(Math.round(pace));

/** `143 today, 210 an hour` */
export function todayInWords({ faces, pace }: Today): string {
  return pace === null
    ? `${count(faces)} today`
    : `${count(faces)} today, ${paceText(pace)} an hour`;
}

export const leftOf = ({ suggested, near, conflicts }: FaceCounts): number =>
  suggested + near + conflicts;

/** How long so many faces take at this pace. */
export function timeLeft(left: number, pace: number | null): string {
  if (left === 0) return 'Nothing waits.';
  if (pace === null || pace <= 0) return 'The time is told after a minute of work.';
  return `About ${span((left / pace) * 3600)} at this pace`;
}
