// Moving, resizing, drawing and deleting boxes on a photo. Until a box is saved, it is only a draft.

import type { Bounds, Face } from '../bindings';
import { toast, warn } from '../components/toast';
import {
  SHORTEST_SIDE,
  clip,
  middle,
  resized,
  sameRect,
  shifted,
  spanned,
  whole,
  type Handle,
  type Point,
  type Rect,
  type Size,
} from './geometry';

/** What became of a draft: written; not written, so that it can be tried again; or its face is another one by now. */
export type Outcome = 'written' | 'refused' | 'overtaken';

/** What the editor works on, and who writes what it comes to. */
export interface BoxKeeper {
  /** The photo whose boxes are edited. */
  mediaId: () => number | undefined;
  /** The face whose box is edited; none where there is only something to draw. */
  face: () => Face | undefined;
  /** Why no face can be drawn; null where it can. */
  noDrawing: () => string | null;
  move: (face: Face, bounds: Bounds) => Promise<Outcome>;
  draw: (mediaId: number, bounds: Bounds) => Promise<Outcome>;
  remove: (face: Face) => void;
}

/** Of what can be seen: where a new face begins. */
const FACE = 1 / 5;

interface Draft {
  mediaId: number;
  /** Null: of a face that is not there yet. */
  faceId: number | null;
  rect: Rect;
}

export class BoxEditor {
  on = $state(false);
  writing = $state(false);
  /** True upright size; null until it is known, or when there is no picture. */
  picture = $state.raw<Size | null>(null);
  /** What of the picture can be seen, in its pixels. */
  visible = $state.raw<Rect | null>(null);
  #draft = $state.raw<Draft | null>(null);
  readonly #keeper: BoxKeeper;

  constructor(keeper: BoxKeeper) {
    this.#keeper = keeper;
  }

  get face(): Face | undefined {
    return this.#keeper.face();
  }

  get ready(): boolean {
    return this.picture !== null && this.#keeper.mediaId() !== undefined;
  }

  /** Why no face can be drawn; null where it can. */
  get noDrawing(): string | null {
    return this.#keeper.noDrawing();
  }

  get isNew(): boolean {
    return this.#draft?.faceId === null;
  }

  /** The box as it would be saved; null where the face has none on the picture. */
  get rect(): Rect | null {
    return this.#draft?.rect ?? this.#stored;
  }

  get changed(): boolean {
    if (this.#draft === null) return false;
    const bounds = this.face?.bounds ?? null;
    return this.isNew || bounds === null || !sameRect(this.#draft.rect, bounds);
  }

  /** Why the box can't be saved. */
  get problem(): string | null {
    const rect = this.#draft?.rect;
    if (rect === undefined || Math.min(rect.width, rect.height) >= SHORTEST_SIDE) return null;
    return `A box must be at least ${SHORTEST_SIDE} pixels wide and high. Make it larger.`;
  }

  get #stored(): Rect | null {
    const bounds = this.face?.bounds ?? null;
    if (bounds === null || this.picture === null) return null;
    const { rect } = clip(bounds, this.picture);
    return rect === null ? null : whole(rect);
  }

  toggle(): void {
    if (this.on) this.leave();
    else this.on = this.ready;
  }

  /** Ends editing; what was not saved is as it was. */
  leave(): void {
    if (this.writing) return;
    if (this.changed) toast('The box is as it was: it was not saved.');
    this.#draft = null;
    this.on = false;
  }

  /** Lets go of the draft, or where there is none, ends editing. */
  putBack(): void {
    if (this.writing) return;
    if (this.#draft === null) this.on = false;
    this.#draft = null;
  }

  /** Another face is looked at: a draft of the one before is not saved, and on another photo nothing is edited. */
  follow(face: Face | undefined): void {
    const draft = this.#draft;
    const isElsewhere = draft !== null && draft.mediaId !== this.#keeper.mediaId();
    const isOther = draft !== null && draft.faceId !== null && draft.faceId !== face?.id;
    if (isElsewhere || isOther) {
      this.#draft = null;
      if (!this.writing) toast('The box is as it was: it was not saved.');
    }
  }

  /** By picture pixels. */
  shift(by: Point): void {
    this.#change((rect, picture) => shifted(rect, by, picture));
  }

  /** Its right and lower edge, by picture pixels. */
  grow(by: Point): void {
    this.#change((rect, picture) => resized(rect, 'se', by, picture));
  }

  /** `start` is the box as it was when the pointer took hold of it, by a handle or as a whole; `by` how far the pointer is now. */
  drag(start: Rect, handle: Handle | null, by: Point): void {
    this.#change((_, picture) =>
      handle === null ? shifted(start, by, picture) : resized(start, handle, by, picture),
    );
  }

  /** Draws a new box between two points of the picture. */
  span(from: Point, to: Point): void {
    const { picture } = this;
    const mediaId = this.#keeper.mediaId();
    if (picture === null || mediaId === undefined || this.writing || this.noDrawing !== null)
      return;
    this.#draft = { mediaId, faceId: null, rect: spanned(from, to, picture) };
  }

  /** Puts a box in the middle of what can be seen: the one that the face lacks, or that of a new face. */
  add(): void {
    const { picture, face } = this;
    const mediaId = this.#keeper.mediaId();
    if (picture === null || mediaId === undefined || this.writing) return;
    const lacking = face !== undefined && this.rect === null ? face.id : null;
    if (lacking === null && this.noDrawing !== null) return;
    const rect = middle(this.visible ?? { x: 0, y: 0, ...picture }, picture, FACE);
    this.#draft = { mediaId, faceId: lacking, rect };
  }

  async save(): Promise<void> {
    const { face } = this;
    const draft = this.#draft;
    if (draft === null || this.writing || !this.changed) return;
    if (face === undefined && !this.isNew) return;
    if (this.problem !== null) {
      warn(this.problem);
      return;
    }
    this.writing = true;
    try {
      const outcome =
        face === undefined || this.isNew
          ? await this.#keeper.draw(draft.mediaId, draft.rect)
          : await this.#keeper.move(face, draft.rect);
      if (outcome !== 'refused' && this.#draft === draft) this.#draft = null;
    } finally {
      this.writing = false;
    }
  }

  /** Deletes the face, or what was drawn and not saved. */
  remove(): void {
    const { face } = this;
    if (this.writing) return;
    const wasNew = this.isNew;
    this.#draft = null;
    if (!wasNew && face !== undefined) this.#keeper.remove(face);
  }

  #change(change: (rect: Rect, picture: Size) => Rect): void {
    const { rect, picture, face } = this;
    const mediaId = this.#keeper.mediaId();
    if (rect === null || picture === null || mediaId === undefined || this.writing) return;
    const faceId = this.isNew ? null : (face?.id ?? null);
    this.#draft = { mediaId, faceId, rect: change(rect, picture) };
  }
}
