import { fireEvent, screen, waitFor } from '@testing-library/svelte';
import { expect, test, vi } from 'vitest';

import { media } from '../host';
import { backend, serve } from '../test/backend';
import { openConsole } from '../test/render';
import { photos } from '../test/world';
import { loadVideo } from './video';

const part = (bytes: number, from: number, total: number, type = 'application/octet-stream') =>
  new Response(new Uint8Array(bytes), {
    status: 206,
    headers: {
      'content-type': type,
      'content-range': `bytes ${from}-${from + bytes - 1}/${total}`,
    },
  });

const partOf = (mediaId: number) => (from: number) => media.video(mediaId, from);

const refused = (message: string) =>
  new Response(JSON.stringify({ code: 'noVideo', message }), { status: 422 });

/** Answers to what is asked of `media://`, by where the part begins. */
function serveParts(answers: Record<number, () => Response>) {
  const asked: string[] = [];
  vi.spyOn(globalThis, 'fetch').mockImplementation((url) => {
    asked.push(String(url));
    return Promise.resolve(answers[Number(String(url).split('/').at(-1))]?.() ?? refused('No.'));
  });
  return asked;
}

test('a video is asked for in parts until all of it is there', async () => {
  serve(backend('admin'));
  const asked = serveParts({ 0: () => part(40, 0, 100, 'video/mp4'), 40: () => part(60, 40, 100) });
  const progress: number[] = [];
  const video = await loadVideo(partOf(7), new AbortController().signal, ({ loaded }) =>
    progress.push(loaded),
  );
  expect(asked).toEqual(['/mock-media/video/7/0', '/mock-media/video/7/40']);
  expect([video.size, video.type, progress]).toEqual([100, 'video/mp4', [40, 100]]);
});

test('a part that never ends the video is no endless loop', async () => {
  serve(backend('admin'));
  serveParts({ 0: () => part(40, 0, 10) });
  await expect(loadVideo(partOf(7), new AbortController().signal, () => {})).rejects.toThrow(
    'broke off',
  );
});

/** The Search screen with a video open beside the hits. */
async function openVideo() {
  const photo = photos[1];
  if (photo === undefined) throw new Error('no photo');
  const user = openConsole('admin', `#/search/${photo.mediaId}`, {
    photo: () => ({ ...photo, mediaType: 'VIDEO' }),
  });
  return { user, button: await screen.findByRole('button', { name: /Play the video/ }) };
}

test('the video is played in the place of its preview, and goes again', async () => {
  URL.createObjectURL = () => 'blob:video';
  URL.revokeObjectURL = vi.fn();
  const { user, button } = await openVideo();
  serveParts({ 0: () => part(100, 0, 100, 'video/mp4') });
  button.focus();

  await user.keyboard('b');
  const video = await screen.findByLabelText(/^Video \d+$/);
  expect(video.getAttribute('src')).toBe('blob:video');

  await fireEvent.error(video);
  expect((await screen.findByRole('alert')).textContent).toContain('no decoder');
  await user.keyboard('b');
  await waitFor(() => expect(document.querySelector('.video[data-state]')).toBeNull());
  expect(URL.revokeObjectURL).toHaveBeenCalledWith('blob:video');
});

test('a video of which nothing comes to be seen says so, and one that is seen does not', async () => {
  URL.createObjectURL = () => 'blob:video';
  URL.revokeObjectURL = vi.fn();
  const play = vi.spyOn(HTMLMediaElement.prototype, 'play').mockResolvedValue();
  vi.useFakeTimers({ shouldAdvanceTime: true });
  try {
    const { user, button } = await openVideo();
    serveParts({ 0: () => part(100, 0, 100, 'video/mp4') });
    await user.click(button);
    await fireEvent.loadedData(await screen.findByLabelText(/^Video \d+$/));
    expect(play).toHaveBeenCalledOnce();
    await vi.advanceTimersByTimeAsync(20_000);
    expect(screen.queryByRole('alert')).toBeNull();

    await user.keyboard('bb');
    await screen.findByLabelText(/^Video \d+$/);
    await vi.advanceTimersByTimeAsync(20_000);
    expect((await screen.findByRole('alert')).textContent).toContain('shows nothing');
    await fireEvent.loadedData(await screen.findByLabelText(/^Video \d+$/));
    await waitFor(() => expect(screen.queryByRole('alert')).toBeNull());
    expect(play).toHaveBeenCalledTimes(2);
  } finally {
    vi.useRealTimers();
  }
});

test('a video that is not played says why', async () => {
  const { user, button } = await openVideo();
  serveParts({ 0: () => refused('Videos that are flagged as unsafe are not played.') });
  await user.click(button);
  expect((await screen.findByRole('alert')).textContent).toContain('flagged as unsafe');
});
