// Clear pixels for as long as an admin holds on to them, and not a moment longer.

import type { Region, Reveal } from '../bindings';

/** What holds on to it: a key or the pointer, or a command that was chosen by name, which nobody lets go. */
export type Hold = KeyboardEvent | 'pointer' | 'command';

/** Whether a key that goes up is the one that was pressed, or went along with it: its own may never be told then. */
function isLetGo(pressed: KeyboardEvent, up: KeyboardEvent): boolean {
  if (pressed.code !== '' ? up.code === pressed.code : up.key === pressed.key) return true;
  return (
    (pressed.ctrlKey && up.key === 'Control') ||
    (pressed.metaKey && up.key === 'Meta') ||
    (pressed.altKey && up.key === 'Alt')
  );
}

/** What is revealed: all of a picture, or a region of it. */
interface Revealed {
  token: string;
  region: Region | null;
  /** A video that is played, not only its still. */
  plays: boolean;
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
  /** While it is down; one press reveals one picture once, however long it lasts. */
  #by: Hold | undefined;
  /** The key press that ended a command's reveal, and does not begin another. */
  #ending: KeyboardEvent | undefined;
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

  /** `region`: null for all of it, as for a video that `plays`. */
  async hold(mediaId: number, region: Region | null, by: Hold, plays = false): Promise<void> {
    // A key that is held down repeats, also after what it revealed was hidden.
    if (this.#by !== undefined || by === this.#ending) return;
    if (by instanceof KeyboardEvent && by.repeat) return;
    this.#by = by;
    const turn = (this.#turn += 1);
    this.asking = true;
    this.problem = undefined;
    try {
      const { token, expiresInMs } = await this.#reveal(mediaId, region);
      if (turn !== this.#turn) {
        this.#giveBack(token);
        return;
      }
      this.shown = { token, region, plays };
      this.#timer = setTimeout(() => this.hide(), expiresInMs);
    } catch (thrown) {
      if (turn !== this.#turn) return;
      this.problem = thrown;
      this.#forgetCommand();
    } finally {
      if (turn === this.#turn) this.asking = false;
    }
  }

  /** Let go: the next press reveals again. */
  release(): void {
    this.#by = undefined;
    this.hide();
  }

  /** Any key ends what nobody holds. */
  keyDown(press: KeyboardEvent): void {
    if (this.#by !== 'command' || press.repeat) return;
    this.#ending = press;
    this.release();
  }

  keyUp(up: KeyboardEvent): void {
    if (this.#by instanceof KeyboardEvent && isLetGo(this.#by, up)) this.release();
  }

  /** Back to the guarded picture; a key that is still down reveals nothing more. */
  hide(): void {
    this.#turn += 1;
    this.asking = false;
    this.#forgetCommand();
    clearTimeout(this.#timer);
    const { shown } = this;
    this.shown = undefined;
    if (shown !== undefined) this.#giveBack(shown.token);
  }

  #forgetCommand(): void {
    if (this.#by === 'command') this.#by = undefined;
  }

  #giveBack(token: string): void {
    // It expires by itself if this does not arrive.
    this.#conceal(token).catch(() => {});
  }
}
