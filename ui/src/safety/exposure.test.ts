// How much of unsafe media is seen: under which veil, and which part of it in clear.

import { fireEvent, screen, waitFor, within } from '@testing-library/svelte';
import userEvent from '@testing-library/user-event';
import axe from 'axe-core';
import { beforeEach, expect, test, vi } from 'vitest';

import { STAGE, open } from '../test/open';
import { size } from '../test/world';
import { chooseVeil, usual } from '../veil';
import { fit, onStage, type Rect } from '../photo/geometry';
import { mode } from './mode.svelte';

beforeEach(() => {
  mode.now = 'review';
  chooseVeil(usual);
  // jsdom captures no pointers.
  HTMLElement.prototype.setPointerCapture = vi.fn();
});

const first = 17;
const urls = () =>
  [...document.querySelectorAll('[data-picture] img')].map((image) => image.getAttribute('src'));
const isThere = () => waitFor(() => expect(urls()).toEqual([`/mock-media/photo/${first}`]));
const spot = () => document.querySelector<HTMLElement>('[data-spotlight]');
const placed = (): Rect => {
  const [, width, height, x, y] = (
    /(\d+) by (\d+) pixels at (\d+), (\d+)/.exec(spot()?.getAttribute('aria-label') ?? '') ?? []
  ).map(Number);
  return { x: x ?? 0, y: y ?? 0, width: width ?? 0, height: height ?? 0 };
};

async function aimed() {
  const { answers } = open('admin', 'safety');
  const revealMedia = vi.fn(answers.revealMedia);
  const concealMedia = vi.fn(() => null);
  open('admin', 'safety', { revealMedia, concealMedia });
  const user = userEvent.setup();
  await isThere();
  const button = screen.getByRole<HTMLButtonElement>('button', { name: 'Spotlight' });
  await waitFor(() => expect(button.disabled).toBe(false));
  await user.keyboard('z');
  await waitFor(() => expect(spot()).not.toBeNull());
  return { user, revealMedia, concealMedia };
}

test('blur, grey and opacity are chosen one by one, and every picture that may be unsafe comes like this', async () => {
  open('admin', 'safety');
  const user = userEvent.setup();
  await isThere();
  await user.keyboard('f');
  const panel = within(await screen.findByRole('region', { name: 'How unsafe pictures look' }));
  for (const [name, value] of [
    ['Blur', '60'],
    ['Grey', '0'],
    ['Opacity', '40'],
  ] as const)
    await fireEvent.input(panel.getByRole('slider', { name }), { target: { value } });
  await waitFor(() => expect(urls()).toEqual([`/mock-media/photo/${first}?veil=60-0-40`]));
  const all = [...document.querySelectorAll('img')].map((image) => image.src);
  expect(all.filter((url) => /thumbnail|photo|crop/.test(url))).not.toEqual([]);
  for (const url of all.filter((url) => /thumbnail|photo|crop/.test(url)))
    expect(url).toContain('veil=60-0-40');
  expect(localStorage.getItem('kaleidoscope.veil')).toBe('60-0-40');
  expect((await axe.run(document.body)).violations.map(({ id }) => id)).toEqual([]);

  await user.click(panel.getByRole('button', { name: 'As usual' }));
  await isThere();
});

test('the arrows are the slider’s while one has the focus, not the queue’s', async () => {
  open('admin', 'safety');
  const user = userEvent.setup();
  await isThere();
  await user.keyboard('f');
  await waitFor(() => expect(document.activeElement?.getAttribute('type')).toBe('range'));
  await user.keyboard('{ArrowRight}');
  expect(urls()[0]).toContain(`/photo/${first}`);
  await user.keyboard('{Escape}');
  expect(screen.queryByRole('region', { name: 'How unsafe pictures look' })).toBeNull();
});

test('with a spotlight, only what is in it is revealed', async () => {
  const { user, revealMedia } = await aimed();
  const { width, height } = size(first);
  const rect = placed();
  expect(rect.x + rect.width / 2).toBeCloseTo(width / 2, -1);
  await user.keyboard('[Space>]');
  await waitFor(() => expect(urls()).toHaveLength(2));
  expect(revealMedia.mock.calls).toEqual([
    [
      {
        mediaId: first,
        region: {
          left: rect.x / width,
          top: rect.y / height,
          width: rect.width / width,
          height: rect.height / height,
        },
      },
    ],
  ]);
  const clear = document.querySelector<HTMLElement>('[data-picture] .clear');
  expect(parseFloat(clear?.style.left ?? '')).toBeCloseTo((rect.x / width) * 100, 3);
  expect(parseFloat(clear?.style.height ?? '')).toBeCloseTo((rect.height / height) * 100, 3);
});

test('the arrows move the spotlight and make it larger; a look ends where it is moved', async () => {
  const { user, concealMedia } = await aimed();
  const before = placed();
  await user.keyboard('{ArrowLeft}{ArrowUp}');
  const moved = placed();
  expect(moved.x).toBeLessThan(before.x);
  expect(moved.y).toBeLessThan(before.y);
  expect([moved.width, moved.height]).toEqual([before.width, before.height]);
  await user.keyboard('{Shift>}{ArrowRight}{/Shift}');
  expect(placed().width).toBeGreaterThan(before.width);

  await user.keyboard('[Space>]');
  await waitFor(() => expect(urls()).toHaveLength(2));
  await user.keyboard('{ArrowDown}');
  expect(urls()).toHaveLength(1);
  expect(concealMedia).toHaveBeenCalledTimes(1);
});

test('the spotlight is drawn with the pointer, and put away by Escape or with the photo', async () => {
  const { user } = await aimed();
  const wanted = { x: 400, y: 300, width: 800, height: 600 };
  const at = onStage(wanted, fit(size(first), STAGE, 12));
  const stage = document.querySelector('.stage') as HTMLElement;
  const point = (x: number, y: number) => ({ clientX: x, clientY: y, pointerId: 1, button: 0 });
  await fireEvent.pointerDown(stage, point(at.x, at.y));
  await fireEvent.pointerMove(stage, point(at.x + at.width, at.y + at.height));
  await fireEvent.pointerUp(stage, point(at.x + at.width, at.y + at.height));
  const drawn = placed();
  for (const side of ['x', 'y', 'width', 'height'] as const)
    expect(Math.abs(drawn[side] - wanted[side])).toBeLessThanOrEqual(1);

  await user.keyboard('{Escape}');
  expect(spot()).toBeNull();
  await user.keyboard('z');
  expect(spot()).not.toBeNull();
  await user.keyboard('x');
  await waitFor(() => expect(urls()[0]).toContain('/photo/34'));
  expect(spot()).toBeNull();
});

test('Space reveals although the link that led here still has the focus', async () => {
  open('admin', 'safety');
  const user = userEvent.setup();
  await isThere();
  screen.getByRole('link', { name: 'Safety' }).focus();
  await user.keyboard('[Space>]');
  await waitFor(() => expect(urls()).toHaveLength(2));
});
