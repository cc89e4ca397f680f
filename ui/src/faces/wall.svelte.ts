// A wall: the faces that wait for one person, which of them are picked out, and the line above which all of them are confirmed.

import type { QueryClient } from '@tanstack/svelte-query';

import type {
  Decided,
  Face,
  FaceCursor,
  LineState,
  Person,
  Said,
  Wall,
  WaitingFace,
} from '../bindings';
import { Selection } from '../components/selection.svelte';
import { counted, personName } from '../components/text';
import { complain, toast, warn } from '../components/toast';
import { Refusal } from '../host';
import { recount } from '../review/waiting';
import {
  confirmAbove,
  decideMany,
  decisionsChanged,
  drawLine,
  lineOf,
  pageOfFaces,
  peopleWaitingChanged,
  reread,
  sampleAbove,
  undo,
} from './api';
import { idsOf, toggled } from './ids';
import { keepWhile } from './lease';

/** So many faces at a time. */
const PAGE = 200;

/** `99 %`, `99.5 %` */
const percent = (share: number) => `${Math.round(share * 1000) / 10} %`;

export type WallQueue = Exclude<Wall['queue'], 'conflicts'>;

/** A blind sample that is being looked at: what is wrong in it is marked. */
export interface Sample {
  similarity: number;
  faces: WaitingFace[];
  wrong: ReadonlySet<number>;
}

export interface Crop {
  id: number;
  bounds: Face['bounds'];
  similarity: number | null;
}

/** What is drawn as crops, to be picked out. */
export interface CropWall {
  readonly crops: readonly Crop[];
  /** So many are above the line; 0 where there is none. */
  readonly line: number;
  readonly selection: Selection;
  /** The place that the keyboard is at, and how far the crops are scrolled: who comes back finds both. */
  focused: number;
  scrolled: number;
  /** The next ones, when those that are there come to their end. */
  more(): void;
}

export class FaceWall implements CropWall {
  queue = $state<WallQueue>('suggested');
  person = $state.raw<Person>();
  faces = $state.raw<WaitingFace[]>([]);
  readonly selection = new Selection();
  focused = $state(0);
  scrolled = 0;
  /** Where the line lies: so many faces are above it. */
  line = $state(0);
  /** What samples have come to. */
  known = $state.raw<LineState>();
  sample = $state.raw<Sample>();
  loading = $state(false);
  busy = $state(false);
  problem = $state.raw<unknown>();
  /** What was done last, for who listens instead of looking. */
  told = $state('');
  /** The logins of who else is on this wall. */
  company = $state.raw<string[]>([]);

  #client: QueryClient;
  #next: FaceCursor | null = null;
  /** Answers that belong to another wall are dropped. */
  #round = 0;

  constructor(client: QueryClient) {
    this.#client = client;
  }

  get wall(): Wall | undefined {
    return this.person && { person: this.person.id, queue: this.queue };
  }

  readonly crops = $derived(
    this.faces.map(({ face, proposed }) => ({
      id: face.id,
      bounds: face.bounds,
      similarity: proposed?.similarity ?? null,
    })),
  );

  get ended(): boolean {
    return this.#next === null && !this.loading && this.problem === undefined;
  }

  /** The similarity of the last face above the line. */
  get similarity(): number | undefined {
    return this.faces[this.line - 1]?.proposed?.similarity ?? undefined;
  }

  /** Why the line can't be used; undefined where it can. */
  get obstacle(): string | undefined {
    const { similarity, known } = this;
    if (similarity === undefined || known === undefined) return 'Put the line below a face first.';
    const { line, rule, need } = known;
    if (line !== null && line.similarity <= similarity) return undefined;
    if (need === null) return 'It is not known yet how large a sample must be.';
    const share = percent(rule.leastPrecision);
    if (need.sample >= need.above)
      return `A sample must have all ${counted(need.above, 'face')} above the line: fewer don't show that ${share} are right.`;
    return `A blind sample of ${need.sample} of the ${need.above} faces above the line must be right first: that shows with ${percent(rule.confidence)} confidence that ${share} are.`;
  }

  /** Why the line can be used. */
  get ground(): string | undefined {
    const { line, rule } = this.known ?? {};
    if (line === null || line === undefined || rule === undefined) return undefined;
    return `${line.correct} of ${line.sample} were right: with ${percent(rule.confidence)} confidence ${percent(rule.leastPrecision)} are.`;
  }

  /** Puts the line below so many faces. */
  putLine(count: number): void {
    this.line = count;
    void this.#learn();
  }

  open(person: Person): void {
    this.person = person;
    this.focused = this.scrolled = 0;
    void this.#start();
  }

  show(queue: WallQueue): void {
    this.queue = queue;
    this.close();
  }

  close(): void {
    this.#round += 1;
    this.person = undefined;
    this.faces = [];
    this.sample = undefined;
    this.selection.clear();
    this.line = 0;
  }

  async #start(): Promise<void> {
    this.#round += 1;
    this.faces = [];
    this.#next = null;
    this.line = 0;
    this.known = undefined;
    this.sample = undefined;
    this.selection.clear();
    this.loading = false;
    await Promise.all([this.#fetch(null), this.#learn()]);
  }

  /** The next faces, when those that are there come to their end. */
  more(): void {
    if (this.#next !== null && !this.loading) void this.#fetch(this.#next);
  }

  retry(): void {
    void (this.faces.length === 0 ? this.#start() : this.#fetch(this.#next));
  }

  async #fetch(after: FaceCursor | null): Promise<void> {
    const wall = this.wall;
    if (wall === undefined) return;
    const round = this.#round;
    this.loading = true;
    this.problem = undefined;
    try {
      const { faces, next } = await pageOfFaces(
        this.#client,
        {
          queue: wall.queue,
          order: 'certain',
          within: { person: wall.person },
          conflict: null,
        },
        after,
        PAGE,
      );
      if (round !== this.#round) return;
      const known = idsOf(this.faces);
      this.faces = [...this.faces, ...faces.filter(({ face }) => !known.has(face.id))];
      this.#next = next;
    } catch (thrown) {
      if (round === this.#round) this.problem = thrown;
    } finally {
      if (round === this.#round) this.loading = false;
    }
  }

  async #learn(): Promise<void> {
    const wall = this.wall;
    if (wall === undefined) return;
    const round = this.#round;
    const asked = this.similarity;
    try {
      const known = await lineOf(this.#client, wall, asked ?? null);
      if (round === this.#round && asked === this.similarity) this.known = known;
    } catch (thrown) {
      if (round === this.#round) this.problem = thrown;
    }
  }

  /** Says the same of all that is picked out. */
  async say(said: Said): Promise<void> {
    const picked = this.faces.filter(({ face }) => this.selection.has(face.id));
    if (picked.length > 0) await this.#decide(picked, () => this.#write(picked, said));
  }

  #write(faces: readonly WaitingFace[], said: Said): Promise<Decided> {
    return decideMany(
      this.#client,
      faces.map(({ face }) => face),
      said,
    );
  }

  async #decide(faces: readonly WaitingFace[], write: () => Promise<Decided>): Promise<void> {
    if (this.busy) return;
    this.busy = true;
    const round = this.#round;
    const gone = idsOf(faces);
    const before = this.faces;
    this.#without(gone);
    try {
      const { done, skipped } = await write();
      this.told = `${counted(done.length, 'face')} decided.`;
      if (round === this.#round) await this.#bringBack(skipped.map(({ faceId }) => faceId));
      const [first] = skipped;
      if (first !== undefined)
        warn(`${counted(skipped.length, 'face was', 'faces were')} left alone. ${first.reason}`);
    } catch (thrown) {
      if (round === this.#round) this.faces = before;
      complain(thrown);
    } finally {
      this.busy = false;
      this.#changed();
      if (this.line > 0 && this.sample === undefined) void this.#learn();
    }
  }

  /** What was left alone and still waits for this person stands at the end, as it is now. */
  async #bringBack(ids: readonly number[]): Promise<void> {
    const person = this.person?.id;
    for (const id of ids.slice(0, 50)) {
      try {
        const now = await reread(this.#client, id);
        if (now.proposed?.person.id === person) this.faces = [...this.faces, now];
      } catch (thrown) {
        // Where it is gone, or not for this operator's eyes any more, there is nothing to bring back.
        if (!(thrown instanceof Refusal && thrown.code === 'notFound')) complain(thrown);
      }
    }
  }

  #without(ids: ReadonlySet<number>): void {
    const above = this.faces.slice(0, this.line).filter(({ face }) => !ids.has(face.id));
    this.faces = this.faces.filter(({ face }) => !ids.has(face.id));
    this.line = above.length;
    for (const id of ids) this.selection.ids.delete(id);
    if (this.faces.length < PAGE / 2) this.more();
  }

  #changed(): void {
    void decisionsChanged(this.#client);
    void peopleWaitingChanged(this.#client);
    void this.#client.invalidateQueries({ queryKey: ['faces', 'counts'] });
    void this.#client.invalidateQueries({ queryKey: ['photo', 'faces'] });
    void recount(this.#client);
  }

  /** Shows a blind sample of what lies above the line. */
  async take(): Promise<void> {
    const { wall, similarity } = this;
    if (wall === undefined || similarity === undefined || this.busy) return;
    this.busy = true;
    try {
      const faces = await sampleAbove(this.#client, wall, similarity);
      this.sample = { similarity, faces, wrong: idsOf([]) };
    } catch (thrown) {
      complain(thrown);
    } finally {
      this.busy = false;
    }
  }

  /** Marks a face of the sample as wrong, or takes that back. */
  mark(id: number): void {
    if (this.sample === undefined) return;
    this.sample = { ...this.sample, wrong: toggled(this.sample.wrong, id) };
  }

  /** The sample is decided as it is marked, and says whether the line holds. */
  async finish(): Promise<void> {
    const { sample, wall, person } = this;
    if (sample === undefined || wall === undefined || person === undefined || this.busy) return;
    const wasAll = sample.faces.length === this.known?.need?.above;
    const right = sample.faces.filter(({ face }) => !sample.wrong.has(face.id));
    const wrong = sample.faces.filter(({ face }) => sample.wrong.has(face.id));
    await this.#decide(sample.faces, async () => {
      const confirmed = await this.#write(right, { is: person.id });
      const rejected = await this.#write(wrong, { isNot: person.id });
      return {
        decisionId: confirmed.decisionId,
        done: [...confirmed.done, ...rejected.done],
        skipped: [...confirmed.skipped, ...rejected.skipped],
      };
    });
    try {
      const ids = sample.faces.map(({ face }) => face.id);
      const line = await drawLine(this.#client, wall, sample.similarity, ids);
      const came = `${line.correct} of ${line.sample} faces of the sample were right.`;
      if (wasAll) toast(`${came} That was all above the line.`);
      else if (line.holds) toast(`${came} The line can be used.`);
      else warn(`${came} The line can't be used.`);
    } catch (thrown) {
      complain(thrown);
    }
    this.sample = undefined;
    await this.#learn();
  }

  /** Confirms everything above the line, also what is not loaded. */
  async confirmAbove(): Promise<void> {
    const { wall, similarity } = this;
    if (wall === undefined || similarity === undefined || this.obstacle !== undefined) return;
    await this.#decide(this.faces.slice(0, this.line), () =>
      confirmAbove(this.#client, wall, similarity),
    );
  }

  /** Takes the last decision back, here or elsewhere, and loads the wall anew. */
  async undo(): Promise<void> {
    if (this.busy) return;
    this.busy = true;
    try {
      const { faces, kept } = await undo(this.#client);
      const [stays] = kept;
      if (stays !== undefined) warn(stays.reason);
      else toast(`${counted(faces.length, 'face is', 'faces are')} as before.`);
      this.told = 'Taken back.';
      await this.#start();
    } catch (thrown) {
      complain(thrown);
    } finally {
      this.busy = false;
      this.#changed();
    }
  }

  /** Keeps what is looked at from others until the answer is called. */
  attend(): () => void {
    return keepWhile({
      held: () => [...this.faces, ...(this.sample?.faces ?? [])].map(({ face }) => face.id),
      on: () => (this.person === undefined ? null : { person: this.person.id }),
      seen: (company) => {
        if (company.join() !== this.company.join()) this.company = company;
      },
    });
  }

  get title(): string {
    return this.person === undefined ? 'Wall' : personName(this.person);
  }
}

const walls = new WeakMap<QueryClient, { operator: number; wall: FaceWall }>();

/** One wall for as long as an operator is signed in. */
export function wallFor(client: QueryClient, operator: number): FaceWall {
  const kept = walls.get(client);
  if (kept?.operator === operator) return kept.wall;
  const wall = new FaceWall(client);
  walls.set(client, { operator, wall });
  return wall;
}
