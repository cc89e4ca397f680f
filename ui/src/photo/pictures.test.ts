import { cleanup, waitFor } from '@testing-library/svelte';
import userEvent from '@testing-library/user-event';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';

import { waitingFace } from '../test/deciding';
import { STAGE, open } from '../test/open';
import { photos, size } from '../test/world';
import { drawnSize, fit } from './geometry';
import { giveBack, preload, scale, scaledOf, take } from './pictures';

const drawImage = vi.fn();

/** jsdom loads and draws no pictures: here each is there at once. */
beforeEach(() => {
  drawImage.mockClear();
  const picture = HTMLImageElement.prototype;
  vi.spyOn(picture, 'complete', 'get').mockReturnValue(true);
  vi.spyOn(picture, 'naturalWidth', 'get').mockReturnValue(1600);
  vi.spyOn(picture, 'src', 'set').mockImplementation(function (this: HTMLImageElement, url) {
    this.setAttribute('data-url', url);
    queueMicrotask(() => this.onload?.(new Event('load')));
  });
  picture.decode = () => Promise.resolve();
  const context = { drawImage } as unknown as CanvasRenderingContext2D;
  vi.spyOn(HTMLCanvasElement.prototype, 'getContext').mockReturnValue(context);
});

afterEach(() => {
  cleanup();
  vi.restoreAllMocks();
  Reflect.deleteProperty(HTMLImageElement.prototype, 'decode');
});

const sizeOf = (canvas: HTMLCanvasElement | null | undefined) =>
  canvas ? { width: canvas.width, height: canvas.height } : undefined;

test('a loaded picture is scaled once for each size that it is wanted in', async () => {
  scale('one', { width: 80, height: 60 });
  expect(drawImage).not.toHaveBeenCalled();

  await preload('one');
  scale('one', { width: 80, height: 60 });
  scale('one', { width: 80, height: 60 });
  expect(drawImage).toHaveBeenCalledTimes(1);
  scale('one', { width: 40, height: 30 });
  const image = take('one');
  expect(sizeOf(scaledOf(image))).toEqual({ width: 40, height: 30 });

  giveBack('one', image);
  expect(take('one')).toBe(image);
  expect(scaledOf(take('another'))).toBeUndefined();
});

test('pictures that were scaled long ago, and very large ones, take no memory', async () => {
  const urls = Array.from({ length: 13 }, (_, index) => `many ${index}`);
  for (const url of urls) {
    await preload(url);
    scale(url, { width: 80, height: 60 });
  }
  expect(urls.map((url) => scaledOf(take(url)) !== undefined)).toEqual([
    false,
    ...urls.slice(1).map(() => true),
  ]);

  await preload('large');
  scale('large', { width: 4000, height: 3000 });
  expect(scaledOf(take('large'))).toBeUndefined();
});

test('the next photo is shown as it was scaled ahead, until it is wanted in another size', async () => {
  const [first, second] = photos
    .filter(({ unsafe }) => !unsafe)
    .flatMap(({ faces }) => faces.slice(0, 1))
    .filter(({ bounds }) => bounds !== null);
  if (first === undefined || second === undefined) throw new Error('two faces');
  open('moderator', 'faces', {
    facesWaiting: () => ({ faces: [first, second].map(waitingFace), next: null }),
  });
  const user = userEvent.setup();
  const picture = size(second.mediaId);
  const whole = drawnSize(picture, fit(picture, STAGE, 12).scale, 1);
  const wanted = [expect.anything(), 0, 0, whole.width, whole.height];
  await waitFor(() => expect(drawImage).toHaveBeenCalledWith(...wanted));

  await user.keyboard('x');
  const canvas = () => document.querySelector<HTMLCanvasElement>('[data-picture] canvas');
  await waitFor(() => expect(sizeOf(canvas())).toEqual(whole));
  expect(document.querySelector('.pixels')?.classList).toContain('covered');

  await user.keyboard('+');
  expect(canvas()).toBeNull();
  expect(document.querySelector('.pixels')?.classList).not.toContain('covered');
});
