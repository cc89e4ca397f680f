// The last searches of an operator on this machine.

const longest = 30;

const key = (operator: number) => `kaleidoscope.searches.${operator}`;

/** The newest first. */
export function recentSearches(operator: number): string[] {
  try {
    const kept: unknown = JSON.parse(localStorage.getItem(key(operator)) ?? '[]');
    return Array.isArray(kept) ? kept.filter((text) => typeof text === 'string') : [];
  } catch {
    return [];
  }
}

/** Kept once, as the newest. What was only typed on the way to it goes. */
export function rememberSearch(operator: number, text: string): void {
  const searched = text.trim();
  if (searched === '') return;
  const [last, ...others] = recentSearches(operator);
  const before = last === undefined || searched.startsWith(last) ? others : [last, ...others];
  const kept = [searched, ...before.filter((other) => other !== searched)].slice(0, longest);
  localStorage.setItem(key(operator), JSON.stringify(kept));
}

export function forgetSearches(operator: number): void {
  localStorage.removeItem(key(operator));
}
