// Clear pixels for as long as an admin holds on to them, and not a moment longer.

import type { Reveal } from '../bindings';

export class Exposure {
  /** Shown instead of the guarded picture while it is there. */
  token = $state<string>();
  /** Why there is nothing to show although it was asked for. */
  problem = $state.raw<unknown>();
  /** Held down, whether or not the answer is there yet. */
  holding = $state(false);

  #reveal: (mediaId: number) => Promise<Reveal>;
  #conceal: (token: string) => Promise<unknown>;
  /** Each hold is its own: an answer to one that is over is given back unseen. */
  #hold = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(
    reveal: (mediaId: number) => Promise<Reveal>,
    conceal: (token: string) => Promise<unknown>,
  ) {
    this.#reveal = reveal;
    this.#conceal = conceal;
  }

  async hold(mediaId: number): Promise<void> {
    // A key that is held down repeats.
    if (this.holding) return;
    const hold = (this.#hold += 1);
    this.holding = true;
    this.problem = undefined;
    try {
      const { token, expiresInMs } = await this.#reveal(mediaId);
      if (hold !== this.#hold || !this.holding) {
        this.#giveBack(token);
        return;
      }
      this.token = token;
      this.#timer = setTimeout(() => this.release(), expiresInMs);
    } catch (thrown) {
      if (hold === this.#hold) this.problem = thrown;
    }
  }

  release(): void {
    this.holding = false;
    clearTimeout(this.#timer);
    const token = this.token;
    this.token = undefined;
    if (token !== undefined) this.#giveBack(token);
  }

  #giveBack(token: string): void {
    // It expires by itself if this does not arrive.
    this.#conceal(token).catch(() => {});
  }
}
