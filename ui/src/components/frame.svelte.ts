// A frame that is drawn around things in a list with the mouse.

/** A press that moves further than this draws a frame. */
const TOLERANCE = 6;
/** The list moves along with a pointer that is so near to its edge, by as much. */
const EDGE = 24;

interface Press {
  x: number;
  y: number;
  pointer: number;
}

interface Told {
  onBegin: () => unknown;
  /** `beside`: what was selected before stays so. */
  onDraw: (rect: Rect, beside: boolean) => unknown;
}

/** In pixels of the list. */
export interface Rect {
  left: number;
  top: number;
  right: number;
  bottom: number;
}

/** What the frame is drawn on: a list that scrolls in an element. */
interface Surface {
  element: HTMLElement | undefined;
  /** The place in the list at the upper edge. */
  readonly at: number;
  /** Where in the list the pointer is. */
  spot: (event: MouseEvent) => { x: number; y: number };
  moveTo: (at: number) => unknown;
}

export class Frame {
  /** Undefined while none is drawn */
  rect = $state.raw<Rect>();
  /** The click that follows the last press is one: it drew no frame, nor was it of another button, which some web views follow with a click. */
  isClick = true;

  #viewport: Surface;
  #told: Told;
  #press: Press | undefined;

  constructor(viewport: Surface, told: Told) {
    this.#viewport = viewport;
    this.#told = told;
  }

  press(event: PointerEvent): void {
    this.isClick = event.button === 0;
    if (!this.isClick || this.#isOnScrollBar(event)) return;
    this.#press = { ...this.#viewport.spot(event), pointer: event.pointerId };
  }

  move(event: PointerEvent): void {
    if (this.#press?.pointer !== event.pointerId) return;
    const from = this.#press;
    const to = this.#viewport.spot(event);
    if (this.rect === undefined) {
      if (Math.hypot(to.x - from.x, to.y - from.y) < TOLERANCE) return;
      this.#begin(event);
    }
    this.rect = {
      left: Math.min(from.x, to.x),
      top: Math.min(from.y, to.y),
      right: Math.max(from.x, to.x),
      bottom: Math.max(from.y, to.y),
    };
    this.#told.onDraw(this.rect, event.ctrlKey || event.metaKey || event.shiftKey);
    this.#moveAlong(event);
  }

  release(): void {
    this.#press = undefined;
    this.rect = undefined;
  }

  #begin({ pointerId }: PointerEvent): void {
    this.isClick = false;
    this.#told.onBegin();
    this.#viewport.element?.setPointerCapture(pointerId);
  }

  #moveAlong({ clientY }: PointerEvent): void {
    const { top, bottom } = this.#viewport.element?.getBoundingClientRect() ?? {
      top: 0,
      bottom: 0,
    };
    if (clientY > bottom - EDGE) this.#viewport.moveTo(this.#viewport.at + EDGE);
    else if (clientY < top + EDGE) this.#viewport.moveTo(this.#viewport.at - EDGE);
  }

  #isOnScrollBar({ offsetX, target }: PointerEvent): boolean {
    const { element } = this.#viewport;
    return element !== undefined && target === element && offsetX > element.clientWidth;
  }
}
