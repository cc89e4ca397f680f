// What an operator can do is written down once, as an action. Its key, its button, its menu item, its line in the
// command palette and in the keyboard help all come from there.

import { onMount } from 'svelte';
import { SvelteSet } from 'svelte/reactivity';

import { keysOf } from './keys';

/** `C` is what the action works on: what the screen that offers it shows at that moment. */
export interface Action<C = unknown> {
  /** `scope.verb`: two actions of one scope never share a key, and none shares a key with the scope `app`. */
  id: string;
  title: string;
  /** Any of these runs it. `Ctrl+k`, `?`, `Escape`, or keys one after the other: `g s`. */
  keys: readonly string[];
  /** Left out: always. */
  enabled?: (context: C) => boolean;
  /** `press`: the key press that runs it; none where it was clicked or chosen by name. */
  run: (context: C, press?: KeyboardEvent) => unknown;
  /** Its key works while the operator is typing in a field, too. */
  whileTyping?: boolean;
}

/** An action together with the screen's context: can be run by anybody who holds it. */
export interface Offer {
  readonly action: Action<never>;
  readonly enabled: boolean;
  run(press?: KeyboardEvent): void;
}

/**
 * Declares an action; the type of its context is what `enabled` and `run` take. Its keys are those that the operator gave
 * it, where they did.
 */
export function action<C = unknown>(definition: Action<C>): Action<C> {
  const { id, keys: usual } = definition;
  return {
    ...definition,
    get keys() {
      return keysOf(id, usual);
    },
  };
}

const offered = new SvelteSet<readonly Offer[]>();

/** Binds an action to the context that is current whenever it is asked about or run. */
export function bind<C>(definition: Action<C>, context: () => C): Offer {
  return {
    action: definition as Action<never>,
    get enabled() {
      return definition.enabled?.(context()) ?? true;
    },
    run(press) {
      if (this.enabled) definition.run(context(), press);
    },
  };
}

/**
 * Offers actions for as long as the calling component is on the screen. Where two offers share a key,
 * the one that came last answers.
 */
export function offer<C>(actions: readonly Action<C>[], context: () => C): Offer[] {
  const offers = actions.map((definition) => bind(definition, context));
  onMount(() => {
    offered.add(offers);
    return () => offered.delete(offers);
  });
  return offers;
}

/** Everything on offer now, the screen's own before the window's. */
export function offers(): Offer[] {
  return [...offered].reverse().flat();
}

/** `g s` is pressed one after the other; the first key waits this long for the second, in milliseconds. */
const patience = 1200;

/**
 * Answers the window's keys. `until` removes it again.
 *
 * A key that the focused element needs itself (letters in a field, Enter and Space on a button) stays with the element.
 */
export function listenForKeys(target: Window): () => void {
  let prefix = '';
  let since = 0;

  function onKey(event: KeyboardEvent): void {
    if (event.defaultPrevented || event.isComposing) return;
    const key = keyName(event);
    if (key === null) return;
    if (prefix !== '' && event.timeStamp - since > patience) prefix = '';

    const typing = isTyping(event.target);
    const modal = document.querySelector('[role="dialog"][data-state="open"]') !== null;
    const able = offers().filter(
      ({ action }) =>
        (!typing || (action.whileTyping ?? false)) && (!modal || (action.whileTyping ?? false)),
    );
    const pressed = prefix === '' || typing ? key : `${prefix} ${key}`;
    // What may be the beginning of something else does nothing by itself, whoever gave it to another action.
    const starts =
      !typing &&
      able.some(({ action }) => action.keys.some((keys) => keys.startsWith(`${pressed} `)));
    prefix = starts ? pressed : '';
    since = event.timeStamp;
    if (starts) return;
    const hit = able.find(({ action, enabled }) => action.keys.includes(pressed) && enabled);
    if (hit === undefined || belongsToElement(key, event.target)) return;
    event.preventDefault();
    hit.run(event);
  }

  target.addEventListener('keydown', onKey);
  return () => target.removeEventListener('keydown', onKey);
}

/** `Ctrl+k`, `?`, `ArrowDown`; null for a modifier alone. Shift is in the character already, so it is named only for keys without one. */
export function keyName(event: KeyboardEvent): string | null {
  if (['Shift', 'Control', 'Alt', 'Meta', 'AltGraph', 'Dead'].includes(event.key)) return null;
  const key = event.key === ' ' ? 'Space' : event.key;
  const character = key.length === 1;
  return [
    event.ctrlKey || event.metaKey ? 'Ctrl+' : '',
    event.altKey ? 'Alt+' : '',
    event.shiftKey && !character ? 'Shift+' : '',
    character ? key.toLowerCase() : key,
  ].join('');
}

function isTyping(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false;
  if (target instanceof HTMLInputElement)
    return !['button', 'checkbox', 'radio', 'range'].includes(target.type);
  return (
    target instanceof HTMLTextAreaElement ||
    target instanceof HTMLSelectElement ||
    target.isContentEditable
  );
}

/** What a focused element does by itself: it is pressed, followed or ticked. */
const pressedBy: Record<string, string> = {
  Enter: 'button, summary, a[href], [role="option"]',
  Space:
    'button, summary, [role="option"], input[type="checkbox"], input[type="radio"], ' +
    '[role="checkbox"], [role="radio"], [role="switch"]',
};

const slides = new Set([
  'ArrowLeft',
  'ArrowRight',
  'ArrowUp',
  'ArrowDown',
  'Home',
  'End',
  'PageUp',
  'PageDown',
]);

function belongsToElement(key: string, target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false;
  if (target instanceof HTMLInputElement && ['range', 'radio'].includes(target.type))
    if (slides.has(key)) return true;
  const pressed = pressedBy[key];
  return pressed !== undefined && target.closest(pressed) !== null;
}

export const scopeOf = (id: string): string => id.slice(0, id.indexOf('.'));

type Keyed = Pick<Action<never>, 'id' | 'keys'>;
/** Whether two actions, by their ids, may be on offer at the same time. */
type Meet = (one: string, two: string) => boolean;

/** Those of one scope are, and those of the window always. */
export const meetInScope: Meet = (one, two) =>
  scopeOf(one) === scopeOf(two) || [scopeOf(one), scopeOf(two)].includes('app');

/** The action that already has a key, of those that may be on offer together with `id`. */
export function holderOf(
  actions: readonly Action<never>[],
  id: string,
  key: string,
  meet: Meet = meetInScope,
): Action<never> | undefined {
  const wanted = { id, keys: [key] };
  return actions.find((other) => other.id !== id && clashes([wanted, other], meet).length > 0);
}

/** Keys that would shadow one another: the same keys, or one the beginning of the other. */
export function clashes(actions: readonly Keyed[], meet: Meet = meetInScope): string[] {
  const uses = actions.flatMap(({ id, keys }) => keys.map((key) => ({ id, key })));
  return uses.flatMap((one, index) =>
    uses
      .slice(index + 1)
      .filter(
        (two) =>
          meet(one.id, two.id) &&
          (one.key === two.key ||
            one.key.startsWith(`${two.key} `) ||
            two.key.startsWith(`${one.key} `)),
      )
      .map((two) => `${one.id} and ${two.id} share ${one.key}`),
  );
}
