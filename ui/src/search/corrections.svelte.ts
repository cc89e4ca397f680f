// Corrects what the AI said, and takes it back: the last thing first.

import type { QueryClient } from '@tanstack/svelte-query';

import type { Corrected, Correction, Hit, MediaWords } from '../bindings';
import { clip, counted } from '../components/text';
import { complain, toast, warn } from '../components/toast';
import { correct, undoCorrection, undoOwnCorrection, undoableCorrection } from './api';
import { corrected } from './correction';
import type { HitList } from './list.svelte';

/** Made in this window */
interface Step {
  audits: number[];
  /** What was said before */
  before: readonly MediaWords[];
}

export class Corrections {
  writing = $state(false);
  #steps = $state.raw<readonly Step[]>([]);
  /** A correction of the last day can be taken back, whichever window made it. */
  #kept = $state(false);
  #client: QueryClient;
  #list: () => HitList | undefined;

  constructor(client: QueryClient, list: () => HitList | undefined) {
    this.#client = client;
    this.#list = list;
  }

  get canUndo(): boolean {
    return this.#kept && !this.writing;
  }

  /** Asks whether there is something to be taken back. */
  async look(): Promise<void> {
    try {
      this.#kept = (await undoableCorrection(this.#client)) !== null;
    } catch {
      // What was said last holds: taking it back says why it can't be.
    }
  }

  /** True when it is written; what could not be is said. */
  async write(words: readonly MediaWords[], correction: Correction): Promise<boolean> {
    const seen = words.map(({ mediaId, version }) => ({ id: mediaId, version }));
    const answer = await this.#told(() => correct(this.#client, seen, correction));
    if (answer === undefined) return false;
    const done = answer.done.map(({ mediaId }) => mediaId);
    if (done.length > 0) {
      const audits = answer.done.map(({ auditId }) => auditId);
      const before = words.filter(({ mediaId }) => done.includes(mediaId));
      this.#steps = [...this.#steps, { audits, before }];
      this.#kept = true;
      this.#show(done, (hit) => ({ ...hit, ...corrected(hit, correction) }));
      toast(`${counted(done.length, 'photo')} corrected.`, {
        title: 'Undo',
        run: () => this.undo(audits),
      });
    }
    return answer.skipped.length === 0;
  }

  /** Takes back the operator's last one, or the one that wrote these entries. */
  async undo(audits?: number[]): Promise<void> {
    if (this.writing) return;
    const own = audits === undefined;
    const answer = await this.#told(() =>
      own ? undoOwnCorrection(this.#client) : undoCorrection(this.#client, audits),
    );
    await this.look();
    if (answer === undefined) return;
    const done = answer.done.map(({ mediaId }) => mediaId);
    const step = own ? this.#steps.at(-1) : this.#steps.find((step) => step.audits === audits);
    this.#steps = this.#steps.filter((other) => other !== step);
    this.#show(done, (hit) => {
      const before = step?.before.find(({ mediaId }) => mediaId === hit.mediaId);
      const { caption, tags, scenes } = before ?? hit;
      return { ...hit, caption, tags, scenes };
    });
    if (done.length > 0) toast(`${counted(done.length, 'photo')} as before.`);
  }

  async #told(write: () => Promise<Corrected>): Promise<Corrected | undefined> {
    this.writing = true;
    try {
      const answer = await write();
      const [first] = answer.skipped;
      if (first !== undefined) {
        const many =
          answer.skipped.length === 1 ? '' : ` ${counted(answer.skipped.length, 'photo')} in all.`;
        warn(`Photo ${first.mediaId} stays as it is: ${clip(first.reason, 200)}${many}`);
      }
      return answer;
    } catch (thrown) {
      complain(thrown);
      return undefined;
    } finally {
      this.writing = false;
    }
  }

  #show(media: readonly number[], changed: (hit: Hit) => Hit): void {
    this.#list()?.change(media, changed);
    void this.#client.invalidateQueries({ queryKey: ['photo', 'faces'] });
    void this.#client.invalidateQueries({ queryKey: ['search', 'words'] });
    void this.#client.invalidateQueries({ queryKey: ['search', 'facets'] });
  }
}
