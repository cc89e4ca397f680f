// With which face a person is enrolled: choosing another one, looking at what it would change, saving it, and going back.

import type { QueryClient } from '@tanstack/svelte-query';

import type { Enrolment, EnrolmentEntry, EnrolmentSource, FaceToEnrol } from '../bindings';
import { complain, toast } from '../components/toast';
import { enrol, enrolmentChanged, switchEnrolment, undoEnrolment } from './api';

export class EnrolmentDesk {
  /** One of the person's confirmed faces is being chosen. */
  choosing = $state(false);
  /** What would be enrolled; its preview is shown. */
  source = $state.raw<EnrolmentSource>();
  writing = $state(false);
  readonly userId: number;
  #client: QueryClient;

  constructor(client: QueryClient, userId: number) {
    this.#client = client;
    this.userId = userId;
  }

  choose(): void {
    this.source = undefined;
    this.choosing = true;
  }

  propose({ faceId, version }: FaceToEnrol): void {
    this.source = { face: { id: faceId, version } };
  }

  goBackTo({ id }: EnrolmentEntry): void {
    if (id === null) return;
    this.choosing = false;
    this.source = { entry: id };
  }

  leave(): void {
    this.choosing = false;
    this.source = undefined;
  }

  async save(seen: Enrolment | undefined): Promise<void> {
    const { source, userId } = this;
    if (source === undefined || seen === undefined) return;
    const version = seen.present?.version ?? null;
    const said = source.face === undefined ? 'Enrolled as before.' : 'Enrolled.';
    await this.#write(said, () => enrol(this.#client, userId, source, version));
  }

  async turn(seen: Enrolment | undefined): Promise<void> {
    const present = seen?.present;
    if (present == null) return;
    const said = present.isActive ? 'The enrolment is inactive.' : 'The enrolment is active.';
    await this.#write(said, () =>
      switchEnrolment(this.#client, this.userId, !present.isActive, present.version),
    );
  }

  async undo(seen: Enrolment | undefined): Promise<void> {
    if (seen === undefined) return;
    const version = seen.present?.version ?? null;
    await this.#write('The enrolment is as before.', () =>
      undoEnrolment(this.#client, this.userId, version),
    );
  }

  /** Why it could not be written is said. What there is now is asked for in either case. */
  async #write(said: string, write: () => Promise<unknown>): Promise<void> {
    if (this.writing) return;
    this.writing = true;
    try {
      await write();
      this.leave();
      toast(said);
    } catch (thrown) {
      complain(thrown);
    } finally {
      await enrolmentChanged(this.#client);
      this.writing = false;
    }
  }
}
