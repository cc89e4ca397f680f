// What may be drawn a moment later than what is looked at, whose time it does not take then.

import { untrack } from 'svelte';

/** Follows a value, each time once the frame after its change is drawn. Made where effects can be. */
export class Behind<T> {
  #current = $state.raw() as T;

  constructor(of: () => T) {
    this.#current = untrack(of);
    $effect(() => {
      const next = of();
      let timer: ReturnType<typeof setTimeout> | undefined;
      const frame = requestAnimationFrame(() => {
        timer = setTimeout(() => (this.#current = next));
      });
      return () => {
        cancelAnimationFrame(frame);
        clearTimeout(timer);
      };
    });
  }

  get current(): T {
    return this.#current;
  }
}
