// How the work on safety goes, in words. The clock is passed in.

import type { ControlAccuracy, Work } from '../bindings';
import { count, counted } from '../components/text';
import { span } from '../components/time';

/** `7 %`; a dash of nothing. */
export const shareText = (part: number, of: number): string =>
  of === 0 ? '–' : `${Math.round((part / of) * 1000) / 10} %`;

export const medianText = ({ medianSeconds }: Work): string =>
  medianSeconds === null ? '–' : span(medianSeconds);

/** Per hour, of the hours of today in which something was decided. */
export function perHour(hours: readonly Work[]): string {
  const busy = hours.filter(({ decided }) => decided > 0);
  const decided = busy.reduce((sum, hour) => sum + hour.decided, 0);
  return busy.length === 0 ? '–' : count(Math.round(decided / busy.length));
}

/** `1.5 looks, 8.4 s`; a dash where nothing was decided. */
export function exposureText(decided: number, looks: number, seconds: number): string {
  if (decided === 0) return '–';
  const each = (part: number) => String(Math.round((part / decided) * 10) / 10);
  return `${each(looks)} ${each(looks) === '1' ? 'look' : 'looks'}, ${each(seconds)} s`;
}

export const controlText = ({ answered, correct }: ControlAccuracy): string =>
  `${shareText(correct, answered)} of ${counted(answered, 'control item')}`;

/** Where the last seven days begin, of which today is the last, where the operator is. */
export const weekBefore = (now: Date): Date =>
  new Date(now.getFullYear(), now.getMonth(), now.getDate() - 6);

/** `safety-week-2025-11-17.csv` */
export function weekFile(begins: Date): string {
  const two = (part: number) => String(part).padStart(2, '0');
  return `safety-week-${begins.getFullYear()}-${two(begins.getMonth() + 1)}-${two(begins.getDate())}.csv`;
}
