import { expect, test, vi } from 'vitest';

import { Frame } from './frame.svelte';

/** A frame over a list that is as high as a thousand pixels, of which four hundred are seen. */
function over() {
  const element = document.createElement('div');
  element.getBoundingClientRect = () => new DOMRect(0, 0, 300, 400);
  element.setPointerCapture = vi.fn();
  const viewport = {
    element,
    at: 100,
    spot: ({ clientX, clientY }: MouseEvent) => ({ x: clientX, y: clientY + viewport.at }),
    moveTo: vi.fn((at: number) => (viewport.at = at)),
  };
  const told = { onBegin: vi.fn(), onDraw: vi.fn() };
  return { frame: new Frame(viewport, told), viewport, element, ...told };
}

const pointer = (x: number, y: number, more: PointerEventInit = {}) =>
  new PointerEvent('pointer', { clientX: x, clientY: y, pointerId: 1, button: 0, ...more });

test('a press that moves on draws a frame from wherever it began', () => {
  const { frame, element, onBegin, onDraw } = over();
  frame.press(pointer(200, 300));
  frame.move(pointer(150, 250));
  frame.move(pointer(120, 230));
  expect(frame.rect).toEqual({ left: 120, top: 330, right: 200, bottom: 400 });
  expect(onDraw).toHaveBeenLastCalledWith(frame.rect, false);
  expect(onBegin).toHaveBeenCalledOnce();
  expect(element.setPointerCapture).toHaveBeenCalledExactlyOnceWith(1);
  expect(frame.isClick).toBe(false);
  frame.release();
  expect(frame.rect).toBeUndefined();
  frame.move(pointer(10, 10));
  expect(frame.rect).toBeUndefined();
});

test('a hand that trembles clicks', () => {
  const { frame, onDraw } = over();
  frame.press(pointer(200, 300));
  frame.move(pointer(203, 303));
  frame.release();
  expect(onDraw).not.toHaveBeenCalled();
  expect(frame.isClick).toBe(true);
});

test('another button draws nothing, and what follows it is no click', () => {
  const { frame, onDraw } = over();
  frame.press(pointer(200, 300, { button: 2 }));
  frame.move(pointer(100, 100));
  expect(onDraw).not.toHaveBeenCalled();
  expect(frame.isClick).toBe(false);
  frame.press(pointer(200, 300));
  expect(frame.isClick).toBe(true);
});

test('a second pointer does not draw the first one’s frame', () => {
  const { frame, onDraw } = over();
  frame.press(pointer(200, 300));
  frame.move(pointer(100, 100, { pointerId: 2 }));
  expect(onDraw).not.toHaveBeenCalled();
});

test('with Shift or Ctrl what was selected before stays', () => {
  const { frame, onDraw } = over();
  frame.press(pointer(200, 300));
  frame.move(pointer(100, 200, { ctrlKey: true }));
  expect(onDraw).toHaveBeenLastCalledWith(frame.rect, true);
});

test('the list moves along at its edges', () => {
  const { frame, viewport } = over();
  frame.press(pointer(200, 300));
  frame.move(pointer(200, 395));
  expect(viewport.moveTo).toHaveBeenLastCalledWith(124);
  frame.move(pointer(200, 5));
  expect(viewport.moveTo).toHaveBeenLastCalledWith(100);
  frame.move(pointer(200, 200));
  expect(viewport.moveTo).toHaveBeenCalledTimes(2);
});
