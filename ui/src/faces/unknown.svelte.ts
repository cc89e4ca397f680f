// Unknown people: groups of faces that look alike, one of which is looked at; which of its faces are picked out.

import type { QueryClient } from '@tanstack/svelte-query';

import type {
  Decided,
  Face,
  Person,
  Said,
  UnknownFace,
  UnknownFaceCursor,
  UnknownPerson,
} from '../bindings';
import { Selection } from '../components/selection.svelte';
import { counted, personName } from '../components/text';
import { complain, toast, warn } from '../components/toast';
import {
  decideMany,
  decisionsChanged,
  merge,
  nameCluster,
  pageOfUnknown,
  regroup,
  undo,
  unknownPeopleChanged,
} from './api';
import { idsOf } from './ids';
import { keepWhile } from './lease';
import type { CropWall } from './wall.svelte';

/** So many faces at a time. */
const PAGE = 200;

export class UnknownWall implements CropWall {
  group = $state.raw<UnknownPerson>();
  faces = $state.raw<UnknownFace[]>([]);
  readonly selection = new Selection();
  focused = $state(0);
  scrolled = 0;
  readonly line = 0;
  /** A name is being looked for. */
  naming = $state(false);
  loading = $state(false);
  busy = $state(false);
  problem = $state.raw<unknown>();
  /** What was done last, for who listens instead of looking. */
  told = $state('');
  /** The logins of who else looks at the group. */
  company = $state.raw<string[]>([]);

  readonly crops = $derived(
    this.faces.map(({ face, similarity }) => ({ id: face.id, bounds: face.bounds, similarity })),
  );

  #client: QueryClient;
  #next: UnknownFaceCursor | null = null;
  /** Answers that belong to another group are dropped. */
  #round = 0;

  constructor(client: QueryClient) {
    this.#client = client;
  }

  get ended(): boolean {
    return this.#next === null && !this.loading && this.problem === undefined;
  }

  open(group: UnknownPerson): void {
    this.group = group;
    this.focused = this.scrolled = 0;
    void this.#start();
  }

  async #start(): Promise<void> {
    this.#round += 1;
    this.faces = [];
    this.#next = null;
    this.naming = false;
    this.selection.clear();
    await this.#fetch(null);
  }

  more(): void {
    if (this.#next !== null && !this.loading) void this.#fetch(this.#next);
  }

  retry(): void {
    void (this.faces.length === 0 ? this.#start() : this.#fetch(this.#next));
  }

  async #fetch(after: UnknownFaceCursor | null): Promise<void> {
    if (this.group === undefined) return;
    const round = this.#round;
    this.loading = true;
    this.problem = undefined;
    try {
      const { faces, next } = await pageOfUnknown(this.#client, this.group.id, after, PAGE);
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

  get #picked(): Face[] {
    return this.faces.flatMap(({ face }) => (this.selection.has(face.id) ? [face] : []));
  }

  /** What is picked out, or else the whole group, is this person. */
  async name(person: Person): Promise<void> {
    const { group } = this;
    this.naming = false;
    if (group === undefined) return;
    const picked = this.#picked;
    await this.#decide(
      () =>
        picked.length > 0
          ? decideMany(this.#client, picked, { is: person.id })
          : nameCluster(this.#client, group.id, person.id),
      `as ${personName(person)}`,
    );
  }

  /** Says the same of all that is picked out. */
  async say(said: Said): Promise<void> {
    const picked = this.#picked;
    if (picked.length > 0) await this.#decide(() => decideMany(this.#client, picked, said), '');
  }

  async #decide(write: () => Promise<Decided>, how: string): Promise<void> {
    await this.#change(async () => {
      const { done, skipped } = await write();
      this.#without(done.map(({ faceId }) => faceId));
      this.told = `${counted(done.length, 'face')} decided ${how}`.trim() + '.';
      toast(this.told);
      const [first] = skipped;
      if (first !== undefined)
        warn(`${counted(skipped.length, 'face was', 'faces were')} left alone. ${first.reason}`);
    });
  }

  /** What is picked out is a group of its own. */
  async split(): Promise<void> {
    const { group } = this;
    const moved = this.#picked.map(({ id }) => id);
    if (group === undefined || moved.length === 0) return;
    await this.#change(async () => {
      await regroup(this.#client, moved, null);
      this.#without(moved);
      this.told = `${counted(moved.length, 'face is', 'faces are')} a group of ${moved.length === 1 ? 'its' : 'their'} own.`;
      toast(this.told);
    });
  }

  /** Another group is the same person. */
  async take(other: UnknownPerson): Promise<void> {
    const { group } = this;
    if (group === undefined) return;
    await this.#change(async () => {
      const moved = await merge(this.#client, other.id, group.id);
      this.told = `${counted(moved.length, 'face')} more in this group.`;
      toast(this.told);
      await this.#start();
    });
  }

  /** Takes back what was done last, here or elsewhere. */
  async undo(): Promise<void> {
    await this.#change(async () => {
      const { faces, kept, judgement } = await undo(this.#client);
      const [stays] = kept;
      const where =
        judgement === 'split' || judgement === 'merged' ? 'in the group of before' : 'as before';
      if (stays !== undefined) warn(stays.reason);
      else toast(`${counted(faces.length, 'face is', 'faces are')} ${where}.`);
      this.told = 'Taken back.';
      await this.#start();
    });
  }

  async #change(work: () => Promise<void>): Promise<void> {
    if (this.busy) return;
    this.busy = true;
    try {
      await work();
    } catch (thrown) {
      complain(thrown);
    } finally {
      this.busy = false;
      void decisionsChanged(this.#client);
      void unknownPeopleChanged(this.#client);
      void this.#client.invalidateQueries({ queryKey: ['faces', 'counts'] });
      void this.#client.invalidateQueries({ queryKey: ['photo', 'faces'] });
    }
  }

  #without(ids: readonly number[]): void {
    this.faces = this.faces.filter(({ face }) => !ids.includes(face.id));
    this.selection.clear();
    if (this.faces.length < PAGE / 2) this.more();
  }

  /** Keeps what is looked at from others until the answer is called. */
  attend(): () => void {
    return keepWhile({
      held: () => this.faces.map(({ face }) => face.id),
      on: () => (this.group === undefined ? null : { group: this.group.id }),
      seen: (company) => {
        if (company.join() !== this.company.join()) this.company = company;
      },
    });
  }
}

const walls = new WeakMap<QueryClient, { operator: number; wall: UnknownWall }>();

/** One wall for as long as an operator is signed in. */
export function unknownFor(client: QueryClient, operator: number): UnknownWall {
  const kept = walls.get(client);
  if (kept?.operator === operator) return kept.wall;
  const wall = new UnknownWall(client);
  walls.set(client, { operator, wall });
  return wall;
}
