// Keys that the operator gave to actions in place of the usual ones; they stay on this machine.

import { SvelteMap } from 'svelte/reactivity';

const NAME = 'kaleidoscope.keys';

const given = new SvelteMap<string, readonly string[]>(stored());

/** What was kept; anything that is no list of keys by an action's id is left out. */
function stored(): [string, string[]][] {
  try {
    const kept: unknown = JSON.parse(localStorage.getItem(NAME) ?? '{}');
    return Object.entries(kept as object).filter(
      (entry): entry is [string, string[]] =>
        Array.isArray(entry[1]) && entry[1].every((key) => typeof key === 'string'),
    );
  } catch {
    // Somebody else's text under this name: the usual keys hold.
    return [];
  }
}

function keep(): void {
  localStorage.setItem(NAME, JSON.stringify(Object.fromEntries(given)));
}

/** The keys that an action has now. */
export const keysOf = (id: string, usual: readonly string[]): readonly string[] =>
  given.get(id) ?? usual;

export const isRemapped = (id: string): boolean => given.has(id);

/** Gives an action this key and no other; null: the usual ones again. */
export function remap(id: string, key: string | null): void {
  if (key === null) given.delete(id);
  else given.set(id, [key]);
  keep();
}

/** All actions have their usual keys again. */
export function remapNone(): void {
  given.clear();
  keep();
}

const signs: Record<string, string> = {
  ArrowUp: '↑',
  ArrowDown: '↓',
  ArrowLeft: '←',
  ArrowRight: '→',
  Enter: '↵',
  Escape: 'Esc',
};

const sign = (key: string): string => signs[key] ?? (key.length === 1 ? key.toUpperCase() : key);

/** `Ctrl+k` is `Ctrl K`, `g s` is `G` and then `S`: each stroke as it is read. */
export const strokesOf = (keys: string): string[] =>
  keys.split(' ').map((stroke) => (stroke === '+' ? ['+'] : stroke.split('+')).map(sign).join(' '));

/** What a control is for, with the key that does the same now. */
export function hint(
  { title: usual, keys }: { title: string; keys: readonly string[] },
  title = usual,
): string {
  const [first] = keys;
  return first === undefined ? title : `${title} (${strokesOf(first).join(' ')})`;
}
