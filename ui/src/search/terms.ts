// The query's text with one condition more, less or other. Only what facets do not offer: those come with their text.

/** The beginning of a token that ends at white space or a parenthesis. */
const name = /^(?:-?)([a-z][\w-]*):(?=[^\s)])/iu;
const plain = /^[\p{L}\p{N}][\p{L}\p{N}_.-]*$/u;
const operators = new Set(['AND', 'OR', 'NOT']);

interface Token {
  text: string;
  from: number;
  to: number;
  /** Parentheses around it */
  depth: number;
}

/** A value as a bare word where that is safe, or else in quotation marks. */
export function quoted(value: string): string {
  const safe = plain.test(value) && !operators.has(value) && value.toLowerCase() !== 'me';
  return safe ? value : `"${value.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`;
}

export const term = (field: string, value: string | number): string =>
  `${field}:${typeof value === 'number' ? value : quoted(value)}`;

/** Both must hold. */
export function also(text: string, condition: string): string {
  const before = text.trim();
  if (before === '') return condition;
  const branches = tokens(before).some(({ text, depth }) => depth === 0 && text === 'OR');
  return branches ? `(${before}) ${condition}` : `${before} ${condition}`;
}

/** The least similarity that the query asks for, 0 to 1. */
export function similarityOf(text: string): number | null {
  const value = own(text, ['similarity'])[0]?.text.slice('similarity:'.length);
  return value !== undefined && /^[01](?:\.\d{1,6})?$/.test(value) ? Number(value) : null;
}

/** With another least similarity; null: with none. */
export function withSimilarity(text: string, least: number | null): string {
  const rest = without(text, ['similarity']);
  return least === null ? rest : also(rest, `similarity:${least}`);
}

/** Narrowed to the days from `from` up to but without `until`, both as 2026-03-05. */
export function between(text: string, from: string, until: string): string {
  const rest = without(text, ['after', 'before', 'on']);
  // `after:` a day begins with the next one. A day that cannot be written is no bound.
  const bounds: string[] = [];
  if (from > FIRST) bounds.push(`after:${isFar(from) ? LAST : dayBefore(from)}`);
  if (!isFar(until)) bounds.push(`before:${until > FIRST ? until : FIRST}`);
  return bounds.length === 0 ? rest : also(rest, bounds.join(' '));
}

/** The days that the language knows, as they are written */
const [FIRST, LAST] = ['1900-01-01', '9998-12-31'];
/** Beyond the last of them; a year of five digits has a sign. */
const isFar = (day: string): boolean => day.startsWith('+') || day > LAST;

/** Without any condition on the time. */
export const anytime = (text: string): string => without(text, ['after', 'before', 'on']);

export const hasTime = (text: string): boolean => own(text, ['after', 'before', 'on']).length > 0;

/** Conditions on these fields that hold for the whole query. */
function own(text: string, fields: readonly string[]): Token[] {
  const all = tokens(text);
  if (all.some(({ text, depth }) => depth === 0 && text === 'OR')) return [];
  return all.filter(({ text, depth }, index) => {
    const found = name.exec(text)?.[1]?.toLowerCase();
    const negated = text.startsWith('-') || all[index - 1]?.text === 'NOT';
    return depth === 0 && found !== undefined && fields.includes(found) && !negated;
  });
}

function without(text: string, fields: readonly string[]): string {
  const cut = own(text, fields).reverse();
  const rest = cut.reduce((rest, { from, to }) => rest.slice(0, from) + rest.slice(to), text);
  return cut.length === 0 ? text.trim() : rest.replace(/ {2,}/g, ' ').trim();
}

function tokens(text: string): Token[] {
  const found: Token[] = [];
  let depth = 0;
  let at = 0;
  while (at < text.length) {
    const rest = text.slice(at);
    const [token = ''] =
      /^[()]/.exec(rest) ??
      /^(?:-?[a-z][\w-]*:)?"(?:\\.|[^"\\])*"?/isu.exec(rest) ??
      /^[^\s()]+/u.exec(rest) ??
      [];
    if (token === ')') depth = Math.max(0, depth - 1);
    if (token !== '') found.push({ text: token, from: at, to: at + token.length, depth });
    if (token === '(') depth += 1;
    at += Math.max(1, token.length);
  }
  return found;
}

function dayBefore(day: string): string {
  const time = new Date(`${day.slice(0, 10)}T00:00:00Z`).getTime();
  return Number.isNaN(time) ? day : new Date(time - 86_400_000).toISOString().slice(0, 10);
}
