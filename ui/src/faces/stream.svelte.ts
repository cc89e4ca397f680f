// The stream of faces that wait: which queue, which face is looked at, and what was said about faces whose writing is under way.

import type { QueryClient } from '@tanstack/svelte-query';
import { SvelteMap, SvelteSet } from 'svelte/reactivity';

import type { Candidate, Face, FaceCursor, FaceQuery, WaitingFace, Within } from '../bindings';
import { complain, toast, warn } from '../components/toast';
import { counted } from '../components/text';
import { Refusal, media, sentence } from '../host';
import { photoOf, preparePhoto } from '../photo/api';
import { preload } from '../photo/pictures';
import { Ahead } from '../review/ahead';
import { ReviewQueue } from '../review/queue.svelte';
import { oneLess, recount } from '../review/waiting';
import {
  candidatesOf,
  confirmedLike,
  countsOf,
  decide,
  decisionsChanged,
  deleteFace,
  dismiss,
  keep,
  pageOfFaces,
  reread,
  undo,
  undoableNow,
  unknownPeopleChanged,
} from './api';
import { after, inWords, told, type Word } from './said';

/** So many photos, crops and candidates are fetched before they are needed. */
const PREPARED = 10;
/** Between two looks at who else is there, in milliseconds. */
const COMPANY = 1000;

type Queue = ReviewQueue<WaitingFace, FaceCursor>;

export class FaceStream {
  asked = $state.raw<FaceQuery>({
    queue: 'suggested',
    order: 'certain',
    within: 'all',
    conflict: null,
  });
  queue: Queue;
  /** What the queue is limited to, in words; null when to nothing. */
  withinLabel = $state<string | null>(null);
  /** A face of the photo that is looked at in passing; the queue stays where it is. */
  #inspected = $state.raw<Face>();
  /** What the database may not know yet. */
  readonly #said = new SvelteMap<number, Word>();
  picking = $state(false);
  undoing = $state(false);
  /** The last verdict in words, for who listens instead of looking. */
  told = $state('');
  /** The logins of who else looks at the photo. */
  company = $state.raw<string[]>([]);

  #client: QueryClient;
  #ahead: Ahead<WaitingFace>;
  /** Each queue that was asked for keeps its place. */
  readonly #queues = new SvelteMap<string, Queue>();
  readonly #missed = new SvelteSet<number>();
  /** As they were when they were decided: for taking it back. */
  readonly #decided = new SvelteMap<number, WaitingFace>();

  constructor(client: QueryClient) {
    this.#client = client;
    this.#ahead = new Ahead(client, ({ face, proposed }) =>
      Promise.all([
        preparePhoto(client, face.mediaId),
        client.prefetchQuery(photoOf(face.mediaId)),
        client.prefetchQuery(candidatesOf(face.id)),
        preload(media.crop(face.id, face.bounds)),
        ...(proposed === null
          ? []
          : [
              preload(media.enrolled(proposed.person.id)),
              client.prefetchQuery(confirmedLike(face.id, proposed.person.id)),
            ]),
      ]),
    );
    this.queue = $state.raw(this.#queueOf(this.asked));
  }

  #queueOf(asked: FaceQuery): Queue {
    const name = JSON.stringify(asked);
    const known = this.#queues.get(name);
    if (known !== undefined) return known;
    const client = this.#client;
    const queue: Queue = new ReviewQueue<WaitingFace, FaceCursor>({
      idOf: ({ face }) => face.id,
      page: async (after, limit) => {
        const { faces, next } = await pageOfFaces(client, asked, after, limit);
        return { items: faces, next };
      },
      count: async () => {
        const counts = await client.fetchQuery({ ...countsOf(asked.within), staleTime: 5000 });
        if (asked.queue !== 'conflicts') return counts[asked.queue];
        if (asked.conflict === null) return counts.conflicts;
        return counts.kinds.find(({ kind }) => kind === asked.conflict)?.faces ?? 0;
      },
      reread: async ({ face }) => {
        // The photo draws the face, and must not do so from what it was.
        const [now] = await Promise.all([
          reread(client, face.id),
          client.invalidateQueries({ queryKey: photoOf(face.mediaId).queryKey }),
        ]);
        return waits(asked, now) ? now : null;
      },
      refused: ({ text, item }) => warn(text, item === null ? undefined : this.#wayBackTo(item)),
    });
    this.#queues.set(name, queue);
    return queue;
  }

  /** The faces that wait within something, which the label names. */
  narrow(within: Within, label: string): void {
    this.ask({ queue: 'suggested', within });
    this.withinLabel = label;
  }

  /** All faces again. */
  widen(): void {
    this.withinLabel = null;
    this.ask({ within: 'all' });
  }

  /** Another queue, or another order of it. */
  ask(change: Partial<FaceQuery>): void {
    this.lookBack();
    const asked = { ...this.asked, ...change };
    this.asked = asked.queue === 'conflicts' ? asked : { ...asked, conflict: null };
    this.queue = this.#queueOf(this.asked);
    void this.queue.start();
  }

  /** The face that the evidence is about. */
  get face(): Face | undefined {
    return this.#inspected ?? this.queue.current?.face;
  }

  /** Whom to say yes or no to. */
  get proposed(): Candidate | null {
    const inspected = this.#inspected;
    if (inspected === undefined) return this.queue.current?.proposed ?? null;
    const { suggested, similarity } = inspected;
    return inspected.status === 'SUGGESTED' && suggested !== null
      ? { person: suggested, similarity }
      : null;
  }

  /** What does not go together about the face. */
  get conflicts(): WaitingFace['conflicts'] {
    return this.inspecting ? [] : (this.queue.current?.conflicts ?? []);
  }

  get inspecting(): boolean {
    return this.#inspected !== undefined;
  }

  /** Faces of a photo with what was said about them in the last seconds. */
  withVerdicts(faces: readonly Face[]): Face[] {
    return faces.flatMap((face) => {
      const word = this.#said.get(face.id);
      return (word === undefined ? face : after(face, word)) ?? [];
    });
  }

  /** One that waits in this queue becomes the next to decide; any other face is only looked at. */
  look(face: Face): void {
    this.picking = false;
    const waiting = this.queue.items.find((item) => item.face.id === face.id);
    if (face.id === this.queue.current?.face.id) {
      this.#inspected = undefined;
    } else if (waiting !== undefined) {
      this.#inspected = undefined;
      this.queue.show(waiting);
    } else {
      this.#inspected = face;
    }
  }

  lookBack(): void {
    this.#inspected = undefined;
    this.picking = false;
  }

  skip(): void {
    if (this.inspecting) this.lookBack();
    else this.queue.skip();
    this.picking = false;
  }

  back(): void {
    if (this.inspecting) this.lookBack();
    else this.queue.back();
    this.picking = false;
  }

  say(face: Face, word: Word): void {
    void this.#decide(face, word);
  }

  /** Takes back what was decided last, here or before the window was opened, and shows it. */
  async undo(): Promise<void> {
    if (this.undoing) return;
    this.undoing = true;
    try {
      await Promise.all([...this.#queues.values()].map((queue) => queue.written()));
      const { faces, kept, judgement } = await undo(this.#client);
      await this.#client.invalidateQueries({ queryKey: ['photo', 'faces'] });
      const [first] = faces;
      const isGroup = judgement === 'split' || judgement === 'merged';
      if (isGroup) void unknownPeopleChanged(this.#client);
      else if (first !== undefined && judgement === 'drawn') this.#forget(first);
      else if (first !== undefined && judgement === 'moved') await this.refresh(first);
      else if (first !== undefined) await this.#restore(first);
      this.told = faces.length > 0 ? 'Taken back.' : 'Nothing was taken back.';
      const [stays] = kept;
      if (stays !== undefined)
        warn(
          faces.length + kept.length === 1
            ? stays.reason
            : `${counted(kept.length, 'face stays', 'faces stay')} as decided. ${stays.reason}`,
        );
      else if (faces.length > 1 || isGroup)
        toast(`${counted(faces.length, 'face is', 'faces are')} as before.`);
    } catch (thrown) {
      complain(thrown);
    } finally {
      this.undoing = false;
      void decisionsChanged(this.#client);
      void this.#client.invalidateQueries({ queryKey: ['faces', 'counts'] });
      void recount(this.#client);
    }
  }

  /** Takes this decision back, if it is still the last one. */
  async takeBack(decisionId: number): Promise<void> {
    try {
      await Promise.all([...this.#queues.values()].map((queue) => queue.written()));
      const last = await undoableNow(this.#client);
      if (last?.decisionId === decisionId) await this.undo();
      else warn('Something else was decided after that. Take it back first.');
    } catch (thrown) {
      complain(thrown);
    }
  }

  /** The face is another one by now: shows it as it is, or where it is gone, what comes next. */
  async refresh(faceId: number): Promise<void> {
    try {
      const now = await reread(this.#client, faceId);
      for (const queue of this.#queues.values()) queue.replace(faceId, now);
      if (this.face?.id !== faceId || this.inspecting) this.look(now.face);
    } catch (thrown) {
      if (!(thrown instanceof Refusal) || thrown.code !== 'notFound') throw thrown;
      this.#forget(faceId);
    } finally {
      await this.#client.invalidateQueries({ queryKey: ['photo', 'faces'] });
      void this.#client.invalidateQueries({ queryKey: candidatesOf(faceId).queryKey });
      void decisionsChanged(this.#client);
    }
  }

  /** Its photo does not list the face any more: says what became of it, once. */
  async miss(faceId: number): Promise<void> {
    if (this.#missed.has(faceId)) return;
    this.#missed.add(faceId);
    try {
      await reread(this.#client, faceId);
    } catch (thrown) {
      // Whatever else is wrong is said when something is decided.
      if (!(thrown instanceof Refusal && thrown.code === 'notFound')) return;
      this.#forget(faceId);
      warn(sentence(thrown));
    }
  }

  #forget(faceId: number): void {
    if (this.#inspected?.id === faceId) this.lookBack();
    for (const queue of this.#queues.values()) queue.replace(faceId, null);
  }

  async #restore(faceId: number): Promise<void> {
    const now = await reread(this.#client, faceId);
    const proposed = now.proposed ?? this.#decided.get(faceId)?.proposed ?? null;
    this.lookBack();
    this.queue.restore({ ...now, proposed });
  }

  /** Fetches what the next faces need. */
  prepare(): void {
    void this.#ahead.prepare(this.queue.ahead.slice(1, PREPARED + 1));
  }

  /** Keeps what is looked at from others, and says who else is there, until the answer is called. */
  attend(): () => void {
    let over = false;
    const look = async () => {
      if (over) return;
      const waiting = this.queue.ahead.map(({ face }) => face.id);
      // One that is looked at in passing is on the screen, too.
      const held = this.#inspected === undefined ? waiting : [this.#inspected.id, ...waiting];
      try {
        const company = await keep(held, this.face?.mediaId ?? null);
        if (company.join() !== this.company.join()) this.company = company;
      } catch {
        // The status bar says that PostgreSQL does not answer; the leases end by themselves.
        this.company = [];
      }
      if (!over) setTimeout(() => void look(), COMPANY);
    };
    void look();
    return () => {
      over = true;
    };
  }

  async #decide(face: Face, word: Word): Promise<void> {
    const waiting = this.queue.items.find((item) => item.face.id === face.id);
    const item = waiting ?? { face, proposed: this.proposed, conflicts: [] };
    // The status bar tells of suggestions, wherever they are decided.
    const isCounted = face.status === 'SUGGESTED' && word.said !== 'dismiss';
    this.lookBack();
    this.#said.set(face.id, word);
    this.#decided.set(face.id, item);
    this.told = inWords(word);
    const written = await this.queue.decide(item, () => this.#write(face, word));
    if (written) {
      const photo = photoOf(face.mediaId);
      // The faces of one photo bear on one another: a person is on it once.
      await this.#client.invalidateQueries({ queryKey: photo.queryKey });
      // Who was turned down is nobody to choose when the face comes again.
      void this.#client.invalidateQueries({ queryKey: candidatesOf(face.id).queryKey });
      if (isCounted) oneLess(this.#client, 'faces');
      void decisionsChanged(this.#client);
    }
    this.#said.delete(face.id);
  }

  async #write(face: Face, word: Word): Promise<void> {
    if (word.said === 'dismiss') await dismiss(this.#client, face);
    else if (word.said !== 'delete') await decide(this.#client, face, told(word));
    else {
      const { decisionId } = await deleteFace(this.#client, face);
      toast('Face deleted.', { title: 'Undo', run: () => this.takeBack(decisionId) });
    }
  }

  #wayBackTo({ face }: WaitingFace) {
    return { title: 'Show it', run: () => this.look(face) };
  }
}

/** Whether the face still belongs to the queue. */
function waits({ queue }: FaceQuery, { face, proposed, conflicts }: WaitingFace): boolean {
  if (queue === 'suggested') return face.status === 'SUGGESTED';
  if (queue === 'near') return face.status === 'UNIDENTIFIED' && proposed !== null;
  return conflicts.length > 0;
}

const streams = new WeakMap<QueryClient, { operator: number; stream: FaceStream }>();

/** One stream for as long as an operator is signed in: leaving the screen loses neither place nor verdicts. */
export function streamFor(client: QueryClient, operator: number): FaceStream {
  const kept = streams.get(client);
  if (kept?.operator === operator) return kept.stream;
  const stream = new FaceStream(client);
  streams.set(client, { operator, stream });
  return stream;
}
