// Times as an operator reads them. The clock is passed in.

const day = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short', year: 'numeric' });
const minute = new Intl.DateTimeFormat('en-GB', {
  day: 'numeric',
  month: 'short',
  year: 'numeric',
  hour: '2-digit',
  minute: '2-digit',
});

function written(format: Intl.DateTimeFormat, at: string): string {
  const time = new Date(at);
  return Number.isNaN(time.getTime()) ? 'unknown' : format.format(time);
}

/** `3 Mar 2025` */
export const onDay = (at: string): string => written(day, at);

/** `3 Mar 2025, 14:05` */
export const atMinute = (at: string): string => written(minute, at);

/** A length of time in its largest unit: `45 s`, `12 min`, `3 h`, `9 d`. */
export function span(seconds: number): string {
  if (seconds < 60) return `${Math.max(0, Math.round(seconds))} s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min`;
  if (seconds < 86_400) return `${Math.floor(seconds / 3600)} h`;
  return `${Math.floor(seconds / 86_400)} d`;
}
