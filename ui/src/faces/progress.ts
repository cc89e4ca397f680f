// How the work goes, in words and in bars. The clock is passed in.

import type { Accuracy, Agreement, FaceCounts, Progress, Share, Today } from '../bindings';
import { count, counted } from '../components/text';
import { span } from '../components/time';

/** One bar of a chart. */
export interface Bar {
  /** In full, for who reads the table. */
  name: string;
  /** Below the bar; empty where there is no room. */
  label: string;
  value: number;
}

/** The beginnings of the last `days` days where the operator is, today's included, and its end. */
export function dayBounds(now: Date, days: number): string[] {
  return Array.from({ length: days + 1 }, (_, index) =>
    new Date(now.getFullYear(), now.getMonth(), now.getDate() - days + 1 + index).toISOString(),
  );
}

const HOUR = 3_600_000;
const hour = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit' });
const day = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short' });

/** A bar for each hour of the day that began then; every third one has a label. */
export function hourBars(hours: Progress['hours'], bounds: readonly [string, string]): Bar[] {
  const [start, end] = [new Date(bounds[0]).getTime(), new Date(bounds[1]).getTime()];
  return Array.from({ length: Math.max(0, Math.ceil((end - start) / HOUR)) }, (_, index) => {
    const from = start + index * HOUR;
    const done = hours.find((one) => new Date(one.from).getTime() === from);
    const name = hour.format(from);
    return { name, label: index % 3 === 0 ? name : '', value: done?.faces ?? 0 };
  });
}

/** A bar for each day; every seventh one, counted from today, has a label. */
export function dayBars(days: Progress['days']): Bar[] {
  return days.map(({ from, faces }, index) => {
    const name = day.format(new Date(from));
    return { name, label: (days.length - 1 - index) % 7 === 0 ? name : '', value: faces };
  });
}

export const weekName = (week: string): string => day.format(new Date(week));

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
