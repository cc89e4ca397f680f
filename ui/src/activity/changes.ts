// An audit entry keeps the row before and after; what an operator wants to read is what changed.

import { clip } from '../components/text';

export interface Change {
  field: string;
  before: string;
  after: string;
}

/** At most this many characters of a value are looked at. */
const limit = 200;

function written(value: unknown): string {
  if (value === null || value === undefined) return 'none';
  return clip(typeof value === 'string' ? value : (JSON.stringify(value) ?? ''), limit);
}

function fields(value: unknown): Record<string, unknown> {
  return value !== null && typeof value === 'object' && !Array.isArray(value)
    ? (value as Record<string, unknown>)
    : {};
}

/** The fields in which the two differ; a bare value counts as a field without a name. */
export function changes(before: unknown, after: unknown): Change[] {
  const bare = [before, after].every(
    (value) => value === null || typeof value !== 'object' || Array.isArray(value),
  );
  if (bare) {
    return before === null && after === null
      ? []
      : [{ field: '', before: written(before), after: written(after) }];
  }
  const [was, is] = [fields(before), fields(after)];
  return [...new Set([...Object.keys(was), ...Object.keys(is)])]
    .map((field) => ({ field, before: written(was[field]), after: written(is[field]) }))
    .filter((change) => change.before !== change.after);
}
