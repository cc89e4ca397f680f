// The stream of suggestions: which face is looked at, and what was said about faces whose writing is under way.

import type { QueryClient } from '@tanstack/svelte-query';
import { SvelteMap } from 'svelte/reactivity';

import type { Face, FaceCursor, Person } from '../bindings';
import { personName } from '../components/text';
import { warn } from '../components/toast';
import { media } from '../host';
import { photoOf, preload, preparePhoto } from '../photo/api';
import { Ahead } from '../review/ahead';
import { ReviewQueue } from '../review/queue.svelte';
import { candidatesOf, confirm, pageOfFaces, reject } from './api';

/** So many photos, crops and candidates are fetched before they are needed. */
const PREPARED = 10;

export class FaceStream {
  readonly queue: ReviewQueue<Face, FaceCursor>;
  /** A face of the photo that is looked at in passing; the queue stays where it is. */
  #inspected = $state.raw<Face>();
  /** Verdicts that the database may not know yet: true for the person, null for "not this person". */
  readonly #said = new SvelteMap<number, Person | null>();
  picking = $state(false);
  /** The last verdict in words, for who listens instead of looking. */
  told = $state('');

  #client: QueryClient;
  #ahead: Ahead<Face>;

  constructor(client: QueryClient) {
    this.#client = client;
    this.#ahead = new Ahead(client, ({ id, mediaId, suggested }) =>
      Promise.all([
        preparePhoto(client, mediaId),
        client.prefetchQuery(photoOf(mediaId)),
        client.prefetchQuery(candidatesOf(id)),
        preload(media.crop(id)),
        ...(suggested === null ? [] : [preload(media.enrolled(suggested.id))]),
      ]),
    );
    this.queue = new ReviewQueue({
      idOf: (face) => face.id,
      page: async (after, limit) => {
        const { total, faces, next } = await pageOfFaces(client, after, limit);
        return { total, items: faces, next };
      },
      reread: async (face) => {
        const photo = await client.fetchQuery({ ...photoOf(face.mediaId), staleTime: 0 });
        return (
          photo.faces.find(({ id, status }) => id === face.id && status === 'SUGGESTED') ?? null
        );
      },
      refused: ({ text, item }) => warn(text, item === null ? undefined : this.#wayBackTo(item)),
    });
  }

  /** The face that the evidence is about. */
  get face(): Face | undefined {
    return this.#inspected ?? this.queue.current;
  }

  get inspecting(): boolean {
    return this.#inspected !== undefined;
  }

  /** Faces of a photo with what was said about them in the last seconds. */
  withVerdicts(faces: readonly Face[]): Face[] {
    return faces.map((face) => {
      const person = this.#said.get(face.id);
      if (person === undefined) return face;
      return person === null
        ? { ...face, status: 'UNIDENTIFIED', suggested: null, identified: null }
        : { ...face, status: 'CONFIRMED', identified: person, suggested: null };
    });
  }

  /** A suggestion becomes the next to decide; any other face is only looked at. */
  look(face: Face): void {
    this.picking = false;
    if (face.id === this.queue.current?.id) {
      this.#inspected = undefined;
    } else if (face.status === 'SUGGESTED' && !this.queue.isDecided(face.id)) {
      this.#inspected = undefined;
      this.queue.show(face);
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

  confirm(face: Face, person: Person): void {
    void this.#decide(face, person, () => confirm(this.#client, face, person.id));
  }

  reject(face: Face): void {
    void this.#decide(face, null, () => reject(this.#client, face));
  }

  /** Fetches what the next faces need. */
  prepare(): void {
    void this.#ahead.prepare(this.queue.ahead.slice(0, PREPARED));
  }

  async #decide(face: Face, person: Person | null, write: () => Promise<unknown>): Promise<void> {
    this.lookBack();
    this.#said.set(face.id, person);
    this.told = person === null ? 'Not this person.' : `Confirmed as ${personName(person)}.`;
    const written = await this.queue.decide(face, write);
    if (written) {
      const photo = photoOf(face.mediaId);
      // The faces of one photo bear on one another: a person is on it once.
      await this.#client.invalidateQueries({ queryKey: photo.queryKey });
      void this.#client.invalidateQueries({ queryKey: ['status'] });
    }
    this.#said.delete(face.id);
  }

  #wayBackTo(face: Face) {
    return { title: 'Show it', run: () => this.look(face) };
  }
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
