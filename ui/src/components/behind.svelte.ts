// What may be drawn a moment later than what is looked at, whose time it does not take then.

import { untrack } from 'svelte';

/** Follows a value, each time once the frame after its change is on the screen. Made where effects can be. */
export class Behind<T> {
  #current = $state.raw() as T;

  constructor(of: () => T) {
    this.#current = untrack(of);
    $effect(() => {
      const next = of();
      // The next frame draws the change; the one after it begins when that is done.
      let frame = requestAnimationFrame(() => {
        frame = requestAnimationFrame(() => (this.#current = next));
      });
      return () => cancelAnimationFrame(frame);
    });
  }

  get current(): T {
    return this.#current;
  }
}
