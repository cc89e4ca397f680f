// On a screen whose keys decide, what is pointed at does not keep the keys: a button that was clicked would be pressed
// again by the next Enter or Space, and a list of choices would take every letter. Who goes by Tab keeps the focus.

/** A press of the mouse on one of these leaves the focus where it was. */
const CLICKED = 'button, summary, a[href]';
/** These would keep keys for themselves. */
const KEEPS_KEYS = `${CLICKED}, select, textarea, input:not([type="range"])`;
/** A list that is open is not chosen from as soon after a key as this; one that is closed goes on at once. In milliseconds. */
const AT_ONCE = 250;

const steps = new Set(['ArrowUp', 'ArrowDown', 'ArrowLeft', 'ArrowRight', 'Home', 'End']);
const isStep = ({ key, altKey }: KeyboardEvent) =>
  !altKey && (steps.has(key) || key.startsWith('Page') || (key.length === 1 && key !== ' '));

/** Gives the keys back to the screen: to be attached to an element that everything of the screen is in. */
export function keysStay(element: HTMLElement): () => void {
  /** What was done last was done with the pointer. */
  let pointed = false;
  let stepped = -Infinity;

  function onpointerdown() {
    pointed = true;
  }

  function onmousedown(event: MouseEvent) {
    if (!(event.target instanceof Element) || event.target.closest(CLICKED) === null) return;
    event.preventDefault();
    const { activeElement } = document;
    if (activeElement instanceof HTMLElement && activeElement.matches(KEEPS_KEYS))
      activeElement.blur();
  }

  function onkeydown(event: KeyboardEvent) {
    pointed = false;
    if (!(event.target instanceof HTMLSelectElement)) return;
    if (event.key === 'Escape') event.target.blur();
    else if (isStep(event)) stepped = event.timeStamp;
  }

  function onchange({ target, timeStamp }: Event) {
    if (target instanceof HTMLSelectElement) {
      // Who goes through a closed list by its keys goes on.
      if (timeStamp - stepped > AT_ONCE) target.blur();
    } else if (target instanceof HTMLInputElement && pointed) {
      if (target.type === 'checkbox' || target.type === 'radio') target.blur();
    }
  }

  element.addEventListener('pointerdown', onpointerdown, true);
  element.addEventListener('mousedown', onmousedown);
  element.addEventListener('keydown', onkeydown, true);
  element.addEventListener('change', onchange);
  return () => {
    element.removeEventListener('pointerdown', onpointerdown, true);
    element.removeEventListener('mousedown', onmousedown);
    element.removeEventListener('keydown', onkeydown, true);
    element.removeEventListener('change', onchange);
  };
}

/** What the button of a menu has to attach, and what the menu has to call when it closes. */
export interface GivesBack {
  onpointerdowncapture: () => void;
  onkeydowncapture: () => void;
  onCloseAutoFocus: (event: Event) => void;
}

/** For a menu that was opened with the pointer: the focus goes back to where it was, not to the button, which would keep the keys. */
export function givesBack(): GivesBack {
  /** Where the focus was; none where the menu was opened by keys, and its button is where they were. */
  let before: Element | null = null;
  return {
    onpointerdowncapture: () => (before = document.activeElement),
    onkeydowncapture: () => (before = null),
    onCloseAutoFocus(event) {
      if (before === null) return;
      event.preventDefault();
      const { activeElement } = document;
      const to = before;
      before = null;
      // What was chosen may have opened something that has the focus by now.
      if (activeElement?.closest('[role="dialog"]')) return;
      if (to instanceof HTMLElement && to !== document.body && to.isConnected)
        to.focus({ preventScroll: true });
      else if (activeElement instanceof HTMLElement) activeElement.blur();
    },
  };
}
