import { fireEvent, screen, waitFor } from '@testing-library/svelte';
import userEvent from '@testing-library/user-event';
import { expect, test, vi } from 'vitest';

import type { Face } from '../bindings';
import { waitingFace } from '../test/deciding';
import { STAGE, open } from '../test/open';
import { photos, size } from '../test/world';
import { fit, onStage, snapped } from './geometry';

const boxOf = (id: number) => document.querySelector<HTMLElement>(`.box[data-face-id="${id}"]`);

const placeOf = ({ style }: HTMLElement) =>
  [style.left, style.top, style.width, style.height].map(Number.parseFloat);

/** The Faces screen on one photo, of which the first face is suggested. */
async function openOn(mediaId: number, faces: Face[]) {
  const photo = photos.find((photo) => photo.mediaId === mediaId);
  if (photo === undefined) throw new Error(`no photo ${mediaId}`);
  const [first] = faces;
  if (first === undefined) throw new Error('no face');
  const opened = open('moderator', 'faces', {
    facesWaiting: () => ({ faces: [waitingFace(first)], next: null }),
    photo: () => ({ ...photo, faces }),
  });
  await waitFor(() =>
    expect(document.querySelectorAll('[data-face-id]')).toHaveLength(faces.length),
  );
  return opened;
}

const suggested = (photos[1]?.faces ?? []).map((face, index) => ({
  ...face,
  status: (['SUGGESTED', 'CONFIRMED', 'UNIDENTIFIED'] as const)[index] ?? ('SUGGESTED' as const),
}));

test('the web view offers no menu that would copy or save the picture', async () => {
  await openOn(2, suggested);
  const stage = document.querySelector('.stage');
  if (stage === null) throw new Error('no stage');
  expect(await fireEvent.contextMenu(stage)).toBe(false);
});

test('each status has a box of its own kind, where the true size says', async () => {
  await openOn(2, suggested);
  const { width, height } = size(2);
  const view = snapped(fit({ width, height }, STAGE, 12), 1);

  expect(suggested.map(({ id }) => boxOf(id)?.dataset['kind'])).toEqual([
    'suggested',
    'confirmed',
    'unidentified',
  ]);
  for (const { id, bounds } of suggested) {
    const box = boxOf(id);
    if (box === null || bounds === null) throw new Error(`face ${id} has no box`);
    const { x, y, width, height } = onStage(bounds, view);
    for (const [index, wanted] of [x, y, width, height].entries()) {
      expect(placeOf(box)[index]).toBeCloseTo(wanted, 2);
    }
  }
});

test('a stored size that is wrong moves no box', async () => {
  const photo = photos[1];
  if (photo === undefined) throw new Error('no photo');
  open('moderator', 'faces', {
    facesWaiting: () => ({ faces: suggested.slice(0, 1).map(waitingFace), next: null }),
    photo: () => ({ ...photo, width: 10, height: 4000, faces: suggested }),
  });
  await waitFor(() => expect(boxOf(suggested[0]?.id ?? 0)).not.toBeNull());
  const picture = document.querySelector<HTMLElement>('[data-picture]');
  expect(Number(picture?.dataset['trueWidth'])).toBe(size(2).width);
});

test('boxes that lie outside are listed with the reason, those partly outside are marked', async () => {
  const hostile = photos.find(({ mediaId }) => mediaId === 402)?.faces ?? [];
  await openOn(402, hostile);
  const named = (name: string) => hostile.find(({ version }) => version === name)?.id ?? 0;
  const listed = (name: string) =>
    document.querySelector<HTMLElement>(`[data-unplaced][data-face-id="${named(name)}"]`);

  expect(boxOf(named('partly outside'))?.dataset['cut']).toBe('right');
  expect(boxOf(named('negative origin'))?.dataset['cut']).toBe('left top');
  for (const name of ['wholly outside', 'far outside']) {
    expect(listed(name)?.textContent).toContain('outside the picture');
  }
  expect(listed('of three')?.textContent).toContain('3 numbers instead of 4');
  expect(listed('negative width')?.textContent).toContain('no area');
});

test('a picture that does not come leaves its reason, and its faces are listed', async () => {
  const fetched = vi.spyOn(window, 'fetch').mockResolvedValue(
    new Response(
      JSON.stringify({ code: 'unavailable', message: 'The photo server answered 500.' }),
      {
        status: 502,
      },
    ),
  );
  await openOn(2, suggested);
  const image = document.querySelector('[data-picture] img');
  if (image === null) throw new Error('no image');
  await fireEvent.error(image);

  expect(await screen.findByText('The photo server answered 500.')).toBeTruthy();
  expect(fetched.mock.calls.map(([url]) => url)).toEqual([image.getAttribute('src')]);
  expect(document.querySelector<HTMLElement>('[data-picture]')?.dataset['state']).toBe('failed');
  expect(document.querySelectorAll('[data-unplaced]')).toHaveLength(suggested.length);
  expect(boxOf(suggested[0]?.id ?? 0)).toBeNull();
});

test('keys zoom, fit and go close, and the box stays on its face', async () => {
  await openOn(2, suggested);
  const user = userEvent.setup();
  const zoom = () => Number(document.querySelector<HTMLElement>('[data-picture]')?.dataset['zoom']);
  const fitted = zoom();

  await user.keyboard('+');
  expect(zoom()).toBeCloseTo(fitted * 1.25, 3);
  await user.keyboard('o');
  expect(zoom()).toBe(1);
  await user.keyboard('c');
  const [x = 0, y = 0, width = 0, height = 0] = placeOf(
    boxOf(suggested[0]?.id ?? 0) ?? document.body,
  );
  expect(Math.max(width / STAGE.width, height / STAGE.height)).toBeCloseTo(0.4, 2);
  expect(x + width).toBeLessThanOrEqual(STAGE.width);
  expect(y + height).toBeLessThanOrEqual(STAGE.height);
  await user.keyboard('w');
  expect(zoom()).toBeCloseTo(fitted, 4);
});

test('a name that turns text around, or is markup, stays text within its label', async () => {
  const hostile = photos.find(({ mediaId }) => mediaId === 402)?.faces ?? [];
  await openOn(402, hostile);
  for (const label of document.querySelectorAll('[data-label-of]')) {
    expect(label.querySelector('bdi')).not.toBeNull();
    expect(label.querySelector('img, script')).toBeNull();
  }
  const markup = hostile.find(({ version }) => version === 'suggested markup');
  expect(boxOf(markup?.id ?? 0)?.getAttribute('aria-label')).toContain('<script>');
});

test('the photo is moved about by keys from anywhere, once there is something beyond its edges', async () => {
  await openOn(2, suggested);
  const user = userEvent.setup();
  const left = () =>
    Number.parseFloat(document.querySelector<HTMLElement>('[data-picture]')?.style.left ?? '');
  const fitted = left();
  await user.keyboard('{Shift>}{ArrowRight}{/Shift}');
  expect(left()).toBe(fitted);
  await user.keyboard('++++++++');
  const before = left();
  await user.keyboard('{Shift>}{ArrowRight}{ArrowRight}{ArrowLeft}{/Shift}');
  expect(left()).toBeCloseTo(before - 64, 3);
});

test('two fingers zoom where they are, and one that is left moves the photo', async () => {
  HTMLElement.prototype.setPointerCapture = vi.fn();
  await openOn(2, suggested);
  const stage = document.querySelector('.stage');
  const picture = document.querySelector<HTMLElement>('[data-picture]');
  if (stage === null || picture === null) throw new Error('no stage');
  const zoom = () => Number(picture.dataset['zoom']);
  const place = () => [picture.style.left, picture.style.top].map(Number.parseFloat);
  const finger = (pointerId: number, x: number, y: number) => ({
    pointerId,
    button: 0,
    clientX: x,
    clientY: y,
  });
  const fitted = zoom();
  const { width, height } = STAGE;
  const [x, y] = [width / 2, height / 2];
  await fireEvent.pointerDown(stage, finger(1, x - 50, y));
  await fireEvent.pointerDown(stage, finger(2, x + 50, y));
  await fireEvent.pointerMove(stage, finger(1, x - 150, y));
  await fireEvent.pointerMove(stage, finger(2, x + 150, y));
  expect(zoom()).toBeCloseTo(fitted * 3, 2);
  await fireEvent.pointerUp(stage, finger(2, x + 150, y));

  const [left = 0, top = 0] = place();
  await fireEvent.pointerMove(stage, finger(1, x - 130, y + 10));
  expect(place()[0]).toBeCloseTo(left + 20, 3);
  expect(place()[1]).toBeCloseTo(top + 10, 3);
  await fireEvent.pointerUp(stage, finger(1, x - 130, y + 10));

  // What was no press selects nothing; the next press does.
  await fireEvent.pointerDown(stage, finger(3, x, y));
  await fireEvent.pointerUp(stage, finger(3, x, y));
  const other = boxOf(suggested[1]?.id ?? 0);
  if (other === null) throw new Error('no box');
  await fireEvent.click(other);
  await waitFor(() => expect(other.getAttribute('aria-current')).toBe('true'));
});
