// Days where the operator is, and bars for hours and days. The clock is passed in.

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

/** What was done from a moment until the next. */
export interface Done {
  from: string;
  count: number;
}

/** A bar for each hour of the day that began then; every third one has a label. */
export function hourBars(hours: readonly Done[], bounds: readonly [string, string]): Bar[] {
  const [start, end] = [new Date(bounds[0]).getTime(), new Date(bounds[1]).getTime()];
  return Array.from({ length: Math.max(0, Math.ceil((end - start) / HOUR)) }, (_, index) => {
    const from = start + index * HOUR;
    const done = hours.find((one) => new Date(one.from).getTime() === from);
    const name = hour.format(from);
    return { name, label: index % 3 === 0 ? name : '', value: done?.count ?? 0 };
  });
}

/** A bar for each day; every seventh one, counted from today, has a label. */
export function dayBars(days: readonly Done[]): Bar[] {
  return days.map(({ from, count }, index) => {
    const name = dayName(from);
    return { name, label: (days.length - 1 - index) % 7 === 0 ? name : '', value: count };
  });
}

export const dayName = (from: string): string => day.format(new Date(from));
