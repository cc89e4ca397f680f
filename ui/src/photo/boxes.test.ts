import { fireEvent, screen, waitFor, within } from '@testing-library/svelte';
import userEvent from '@testing-library/user-event';
import axe from 'axe-core';
import { beforeEach, expect, test, vi } from 'vitest';

import type { Bounds, Face } from '../bindings';
import { refuse, type Answers } from '../test/backend';
import { waitingFace } from '../test/deciding';
import { STAGE, open, underWay } from '../test/open';
import { photos, size } from '../test/world';
import { fit, handleAt, onStage, snapped, type Handle, type Point } from './geometry';

// jsdom captures no pointers.
beforeEach(() => (HTMLElement.prototype.setPointerCapture = vi.fn()));

const photo = photos[1] ?? photos[0];
if (photo === undefined) throw new Error('no photo');
const picture = size(photo.mediaId);
const view = snapped(fit(picture, STAGE, 12), 1);
const faces: Face[] = photo.faces.map((face) => ({
  ...face,
  status: 'SUGGESTED',
  suggested: face.suggested ?? face.identified ?? photo.uploader,
  identified: null,
}));
const first = faces[0];
const bounds = first?.bounds;
if (first === undefined || bounds === null || bounds === undefined) throw new Error('no face');

const edited = () => document.querySelector<HTMLElement>('[data-edited]');
const placed = (): Bounds => {
  const [, width, height, x, y] = (
    /(\d+) by (\d+) pixels at (\d+), (\d+)/.exec(edited()?.getAttribute('aria-label') ?? '') ?? []
  ).map(Number);
  return { x: x ?? 0, y: y ?? 0, width: width ?? 0, height: height ?? 0 };
};
/** Takes back what a message at the lower edge says. */
async function takeBack(user: { click: (element: Element) => Promise<void> }, text: RegExp) {
  const message = await waitFor(() => {
    const messages = [...document.querySelectorAll<HTMLElement>('.toast')];
    const found = messages.find(({ textContent }) => text.test(textContent));
    if (found === undefined) throw new Error(`no message ${text}`);
    return found;
  });
  await user.click(within(message).getByRole('button', { name: 'Undo' }));
}

const bar = () => within(screen.getByRole('group', { name: 'Boxes' }));

async function edit(replaced: Partial<Answers> = {}, shown: Face[] = faces) {
  const opened = open('moderator', 'faces', {
    facesWaiting: () => ({ faces: shown.map(waitingFace), next: null }),
    ...replaced,
  });
  const user = userEvent.setup();
  await waitFor(() => expect(document.querySelector('[data-picture]')).not.toBeNull());
  await screen.findByRole('button', { name: /^Edit boxes/ });
  await user.keyboard('e');
  await waitFor(() => expect(bar().queryByRole('button', { name: /^Save/ })).not.toBeNull());
  return { ...opened, user };
}

/** Presses at one point of the stage, moves to another and lets go. */
async function pull(element: Element, from: Point, to: Point) {
  const at = ({ x, y }: Point) => ({ button: 0, pointerId: 1, clientX: x, clientY: y });
  await fireEvent.pointerDown(element, at(from));
  await fireEvent.pointerMove(element, at({ x: (from.x + to.x) / 2, y: to.y }));
  await fireEvent.pointerMove(element, at(to));
  await fireEvent.pointerUp(element, at(to));
}

test('arrows move the box by a pixel of the picture, with Shift they resize it, with Ctrl by ten', async () => {
  const { user } = await edit();
  expect(placed()).toEqual(bounds);
  await user.keyboard('{ArrowRight}{ArrowRight}{ArrowUp}');
  expect(placed()).toEqual({ ...bounds, x: bounds.x + 2, y: bounds.y - 1 });
  await user.keyboard('{Control>}{ArrowLeft}{ArrowDown}{/Control}');
  expect(placed()).toEqual({ ...bounds, x: bounds.x - 8, y: bounds.y + 9 });
  await user.keyboard('{Shift>}{ArrowRight}{ArrowUp}{/Shift}');
  expect(placed()).toMatchObject({ width: bounds.width + 1, height: bounds.height - 1 });
  await user.keyboard('{Control>}{Shift>}{ArrowLeft}{/Shift}{/Control}');
  expect(placed()).toMatchObject({ width: bounds.width - 9, x: bounds.x - 8 });

  await user.keyboard('{Escape}');
  expect(placed()).toEqual(bounds);
  await user.keyboard('{Escape}');
  expect(edited()).toBeNull();
});

test('Enter saves the box in the version that was seen, says what became of it, and can be taken back', async () => {
  const { user } = await edit();
  await user.keyboard('{ArrowRight}{Enter}');
  await screen.findAllByText('Box saved. The AI service has looked at it anew.');
  expect(placed()).toEqual({ ...bounds, x: bounds.x + 1 });
  expect(bar().getByRole('button', { name: /^Save/ }).hasAttribute('disabled')).toBe(true);
  // The crop is asked for again: its old address would show the old box.
  const crop = () => document.querySelector('aside img')?.getAttribute('src') ?? '';
  await waitFor(() => expect(crop()).toContain(`crop/${first.id}?${bounds.x + 1},`));

  await takeBack(user, /Box saved/);
  await waitFor(() => expect(placed()).toEqual(bounds));
});

test('Enter on a box that is as it was confirms nobody', async () => {
  const decideFace = vi.fn(() => underWay<never>().promise);
  const { user } = await edit({ decideFace });
  await user.keyboard('{Enter}{ArrowRight}y');
  expect(decideFace).not.toHaveBeenCalled();
  expect(placed().x).toBe(bounds.x + 1);
});

test('without an AI service a moved box says that it is still compared by the old one', async () => {
  const { user } = await edit({
    drawingProblem: () => 'Drawing needs the AI service.',
    moveBox: ({ seen, bounds }: { seen: { id: number }; bounds: Bounds }) => ({
      faceId: seen.id,
      decisionId: 1,
      auditId: 1,
      bounds,
      embedding: 'oldBox' as const,
    }),
  });
  await user.keyboard('{Control>}{ArrowRight}{/Control}{Enter}');
  await screen.findAllByText(/still compared by its old box/);
});

test('what is refused is said, and the box stays as it was put', async () => {
  const { user } = await edit({
    moveBox: () => refuse('unavailable', "The AI service can't be reached."),
  });
  await user.keyboard('{ArrowRight}{Enter}');
  await screen.findByText("The AI service can't be reached.");
  expect(placed().x).toBe(bounds.x + 1);
});

test('who comes too late reads who was faster, and sees the box as it is now', async () => {
  let asked = 0;
  const { user } = await edit({
    moveBox: () => {
      asked += 1;
      return refuse('conflict', 'mei.tanaka has decided meanwhile: its box is another one.');
    },
    waitingFace: () => waitingFace({ ...first, version: '701' }),
  });
  await user.keyboard('{ArrowRight}{Enter}');
  await screen.findByText('mei.tanaka has decided meanwhile: its box is another one.');
  await waitFor(() => expect(placed()).toEqual(bounds));
  expect(asked).toBe(1);
});

test('a box that is too small is not saved, and it is said why', async () => {
  const moveBox = vi.fn();
  const narrow = { ...first, bounds: { ...bounds, width: 9 } };
  const { user } = await edit({ moveBox, photo: () => ({ ...photo, faces: [narrow] }) }, [narrow]);
  await user.keyboard('{Shift>}{ArrowLeft}{ArrowLeft}{/Shift}{Enter}');
  expect(screen.getAllByText(/at least 8 pixels wide and high/).length).toBeGreaterThan(0);
  expect(moveBox).not.toHaveBeenCalled();
});

test('eight handles resize, the box itself moves, to the pixel under the pointer', async () => {
  await edit();
  const scale = view.scale;
  const box = onStage(bounds, view);
  const handles: Handle[] = ['nw', 'n', 'ne', 'e', 'se', 's', 'sw', 'w'];
  const user = userEvent.setup();
  for (const handle of handles) {
    const grip = document.querySelector(`[data-handle="${handle}"]`);
    if (grip === null) throw new Error(`no handle ${handle}`);
    const from = handleAt(box, handle);
    const inward = {
      x: from.x + (handle.includes('w') ? 13 : handle.includes('e') ? -13 : 0),
      y: from.y + (handle.includes('n') ? 9 : handle.includes('s') ? -9 : 0),
    };
    await pull(grip, from, inward);
    const now = placed();
    const right = now.x + now.width - bounds.x - bounds.width;
    const low = now.y + now.height - bounds.y - bounds.height;
    const near = (is: number, wanted: number) =>
      expect(Math.abs(is - wanted)).toBeLessThanOrEqual(0.5);
    near(now.x - bounds.x, handle.includes('w') ? 13 / scale : 0);
    near(right, handle.includes('e') ? -13 / scale : 0);
    near(now.y - bounds.y, handle.includes('n') ? 9 / scale : 0);
    near(low, handle.includes('s') ? -9 / scale : 0);
    await user.keyboard('{Escape}');
    expect(placed()).toEqual(bounds);
  }

  const whole = edited();
  if (whole === null) throw new Error('no box');
  await pull(whole, { x: box.x + 20, y: box.y + 20 }, { x: box.x - 9000, y: box.y + 9000 });
  expect(placed()).toEqual({ ...bounds, x: 0, y: picture.height - bounds.height });
});

test('a face is drawn by dragging on the photo, saved by Enter, and looked at', async () => {
  const { user, answers } = await edit();
  const stage = document.querySelector('.stage');
  if (stage === null) throw new Error('no stage');
  const corner = onStage({ x: 0, y: 0, width: 200, height: 150 }, view);
  await pull(
    stage,
    { x: corner.x, y: corner.y },
    { x: corner.x + corner.width, y: corner.y + corner.height },
  );
  expect(edited()?.dataset['edited']).toBe('new');
  expect(placed()).toEqual({ x: 0, y: 0, width: 200, height: 150 });

  await user.keyboard('{Enter}');
  await screen.findAllByText('Face drawn.');
  await waitFor(() => expect(edited()?.dataset['edited']).toBe('9000000'));
  const now = await answers.photo({ mediaId: photo.mediaId });
  expect(now.faces.at(-1)?.bounds).toEqual({ x: 0, y: 0, width: 200, height: 150 });

  await takeBack(user, /Face drawn/);
  await waitFor(() => expect(document.querySelector('[data-face-id="9000000"]')).toBeNull());
});

test('a face is added by keys alone, and dropped by Escape', async () => {
  const { user } = await edit();
  await user.keyboard('a');
  const { width, height, x, y } = placed();
  expect(edited()?.dataset['edited']).toBe('new');
  expect(Math.abs(x + width / 2 - picture.width / 2)).toBeLessThanOrEqual(1);
  expect(Math.abs(y + height / 2 - picture.height / 2)).toBeLessThanOrEqual(1);
  await user.keyboard('{Escape}');
  expect(edited()?.dataset['edited']).toBe(String(first.id));
});

test('where no face can be drawn the control is disabled with the reason, and dragging draws nothing', async () => {
  const reason = 'Drawing needs the AI service: set `embed_url` under [ai] in config.toml.';
  const { user } = await edit({ drawingProblem: () => reason });
  await screen.findByText(reason);
  const add = bar().getByRole('button', { name: /^Add a face/ });
  expect(add.hasAttribute('disabled')).toBe(true);
  expect(add.getAttribute('aria-describedby')).toBe(screen.getByText(reason).id);
  await user.keyboard('a');
  const stage = document.querySelector('.stage');
  if (stage !== null) await pull(stage, { x: 100, y: 100 }, { x: 300, y: 300 });
  expect(edited()?.dataset['edited']).toBe(String(first.id));
});

test('a face whose stored box is none gets one', async () => {
  const moveBox = vi.fn(({ seen, bounds }: { seen: { id: number }; bounds: Bounds }) => ({
    faceId: seen.id,
    decisionId: 1,
    auditId: 1,
    bounds,
    embedding: 'newBox' as const,
  }));
  const broken = { ...first, bounds: null, boundsProblem: 'The stored box has 3 numbers.' };
  const { user } = await edit(
    {
      drawingProblem: () => 'Drawing needs the AI service.',
      moveBox: moveBox as never,
      photo: () => ({ ...photo, faces: [broken] }),
      waitingFace: () => waitingFace(broken),
    },
    [broken],
  );
  await screen.findByText('This face has no box on the picture. Add one.');
  await user.keyboard('a{Enter}');
  await waitFor(() => expect(moveBox).toHaveBeenCalledTimes(1));
  expect(moveBox.mock.calls[0]?.[0].seen.id).toBe(broken.id);
});

test('a deleted face is gone at once, and the way back brings it back', async () => {
  const { user } = await edit();
  await user.keyboard('{Delete}');
  await waitFor(() => expect(edited()?.dataset['edited']).not.toBe(String(first.id)));
  expect(
    document.querySelector(`[data-face-id="${first.id}"], [data-edited="${first.id}"]`),
  ).toBeNull();
  await takeBack(user, /Face deleted/);
  await waitFor(() =>
    expect(
      document.querySelector(`[data-face-id="${first.id}"], [data-edited="${first.id}"]`),
    ).not.toBeNull(),
  );
});

test('a message that came before another decision does not take that one back', async () => {
  const undoDecision = vi.fn();
  const { user } = await edit({
    undoDecision,
    undoableDecision: () => ({
      decisionId: 77,
      judgement: 'is',
      person: null,
      faces: 1,
      decidedAt: '2025-11-20T16:40:00Z',
    }),
  });
  await user.keyboard('{ArrowRight}{Enter}');
  await takeBack(user, /Box saved/);
  await screen.findByText('Something else was decided after that. Take it back first.');
  expect(undoDecision).not.toHaveBeenCalled();
});

test('what was not saved is said when another face is looked at', async () => {
  const { user } = await edit();
  await user.keyboard('{ArrowRight}x');
  await screen.findByText('The box is as it was: it was not saved.');
});

test('zooming moves neither the box nor what is saved', async () => {
  const { user } = await edit();
  for (const key of ['+', '+', '-', 'o', 'w']) {
    await user.keyboard(key);
    expect(placed()).toEqual(bounds);
  }
  await user.keyboard('o');
  const zoom = Number(document.querySelector<HTMLElement>('[data-picture]')?.dataset['zoom']);
  expect(zoom).toBe(1);
  expect(Number.parseFloat(edited()?.style.width ?? '')).toBeCloseTo(bounds.width, 6);
});

test('the editor holds what assistive technology needs', async () => {
  await edit({ drawingProblem: () => 'Drawing needs the AI service.' });
  const found = await axe.run(document.body, { rules: { 'color-contrast': { enabled: false } } });
  expect(found.violations.map(({ id, nodes }) => [id, nodes.map(({ html }) => html)])).toEqual([]);
});
