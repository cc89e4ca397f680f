// How unsafe pictures look before they are revealed; remembered on this machine. The pixels arrive like this: nothing in the
// window could make them clearer.

import { createSubscriber } from 'svelte/reactivity';

/** Each 0 to 100, in steps of {@link STEP}; even at a blur of 0, no face can be known. */
export interface Veil {
  blur: number;
  grey: number;
  opacity: number;
}

export const STEP = 5;
export const usual: Veil = { blur: 20, grey: 100, opacity: 100 };

const key = 'kaleidoscope.veil';
let changed: (() => void) | undefined;
const subscribe = createSubscriber((update) => {
  changed = update;
  return () => (changed = undefined);
});

const isShare = (value: unknown): value is number =>
  Number.isInteger(value) && Number(value) >= 0 && Number(value) <= 100;

function read(text: string | null): Veil {
  const [blur, grey, opacity, ...more] = (text ?? '').split('-').map(Number);
  return text !== '' && isShare(blur) && isShare(grey) && isShare(opacity) && more.length === 0
    ? { blur, grey, opacity }
    : usual;
}

const written = ({ blur, grey, opacity }: Veil) => [blur, grey, opacity].join('-');

let chosen: Veil | undefined;

/** The chosen veil; what reads it is drawn again when another is chosen. */
export function veil(): Veil {
  subscribe();
  return (chosen ??= read(localStorage.getItem(key)));
}

export function chooseVeil(veil: Veil): void {
  chosen = veil;
  localStorage.setItem(key, written(veil));
  changed?.();
}

/** Of a picture's address; empty for the usual veil. */
export function veilQuery(): string {
  const now = written(veil());
  return now === written(usual) ? '' : `veil=${now}`;
}
