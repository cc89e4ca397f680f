// Clear pixels for as long as an admin holds on to them, and not a moment longer.

import type { Region, Reveal } from '../bindings';

/** What is revealed: all of a picture, or a region of it. */
interface Revealed {
  token: string;
  region: Region | null;
}

export class Exposure {
  /** Shown instead of the guarded picture while it is there. */
  shown = $state.raw<Revealed>();
  /** Asked for, not answered yet. */
  asking = $state(false);
  /** Why there is nothing to show although it was asked for. */
  problem = $state.raw<unknown>();

  #reveal: (mediaId: number, region: Region | null) => Promise<Reveal>;
  #conceal: (token: string) => Promise<unknown>;
  /** The key or button is down; one press reveals one picture once, however long it lasts. */
  #down = false;
  /** Each reveal is its own: an answer to one that is over is given back unseen. */
  #turn = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(
    reveal: (mediaId: number, region: Region | null) => Promise<Reveal>,
    conceal: (token: string) => Promise<unknown>,
  ) {
    this.#reveal = reveal;
    this.#conceal = conceal;
  }

  /** `region`: null for all of it. */
  async hold(mediaId: number, region: Region | null): Promise<void> {
    // A key that is held down repeats.
    if (this.#down) return;
    this.#down = true;
    const turn = (this.#turn += 1);
    this.asking = true;
    this.problem = undefined;
    try {
      const { token, expiresInMs } = await this.#reveal(mediaId, region);
      if (turn !== this.#turn) {
        this.#giveBack(token);
        return;
      }
      this.shown = { token, region };
      this.#timer = setTimeout(() => this.hide(), expiresInMs);
    } catch (thrown) {
      if (turn === this.#turn) this.problem = thrown;
    } finally {
      if (turn === this.#turn) this.asking = false;
    }
  }

  /** Let go: the next press reveals again. */
  release(): void {
    this.#down = false;
    this.hide();
  }

  /** Back to the guarded picture; a key that is still down reveals nothing more. */
  hide(): void {
    this.#turn += 1;
    this.asking = false;
    clearTimeout(this.#timer);
    const { shown } = this;
    this.shown = undefined;
    if (shown !== undefined) this.#giveBack(shown.token);
  }

  #giveBack(token: string): void {
    // It expires by itself if this does not arrive.
    this.#conceal(token).catch(() => {});
  }
}
