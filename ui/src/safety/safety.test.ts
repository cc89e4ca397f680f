import { fireEvent, screen, waitFor } from '@testing-library/svelte';
import userEvent from '@testing-library/user-event';
import axe from 'axe-core';
import { expect, test, vi } from 'vitest';

import type { Decision, Reveal } from '../bindings';
import { refuse } from '../test/backend';
import { open, underWay } from '../test/open';

const shown = () =>
  Number(screen.queryByRole('complementary', { name: 'Decision' })?.dataset['media']);
const urls = () =>
  [...document.querySelectorAll('[data-picture] img')].map((image) => image.getAttribute('src'));
const everyUrl = () =>
  [...document.querySelectorAll('img')].map((image) => image.getAttribute('src') ?? '');
/** Unsafe photos of the small world. */
const [first, second] = [17, 34] as const;
const isShown = (id: number) => waitFor(() => expect(shown()).toBe(id));
const guarded = (id: number) => [`/mock-media/photo/${id}`];

test('until it is revealed on purpose, only the guarded picture is asked for', async () => {
  const revealMedia = vi.fn(() => underWay<Reveal>().promise);
  open('admin', 'safety', { revealMedia });
  await isShown(first);
  expect(urls()).toEqual(guarded(first));
  expect(everyUrl().filter((url) => url.includes('/revealed/'))).toEqual([]);
  expect(revealMedia).not.toHaveBeenCalled();
});

test('the picture is clear while Space is held, and guarded again when it is let go', async () => {
  const concealMedia = vi.fn(() => null);
  open('admin', 'safety', { concealMedia });
  const user = userEvent.setup();
  await isShown(first);

  await user.keyboard('[Space>3]');
  await waitFor(() =>
    expect(urls()).toEqual([...guarded(first), `/mock-media/revealed/reveal-${first}`]),
  );
  await user.keyboard('[/Space]');
  expect(urls()).toEqual(guarded(first));
  expect(concealMedia.mock.calls).toEqual([[{ token: `reveal-${first}` }]]);
});

test('the button reveals while it is held, too', async () => {
  open('admin', 'safety');
  await isShown(first);
  const button = screen.getByRole('button', { name: /Hold to reveal/ });
  await fireEvent.pointerDown(button, { button: 0 });
  await waitFor(() => expect(urls()).toHaveLength(2));
  await fireEvent.pointerUp(window);
  expect(urls()).toEqual(guarded(first));
});

test.each([
  ['the window loses the focus', () => fireEvent.blur(window)],
  [
    'the window is hidden',
    () => {
      vi.spyOn(document, 'hidden', 'get').mockReturnValue(true);
      return fireEvent(document, new Event('visibilitychange'));
    },
  ],
  ['the next one is asked for', () => userEvent.setup().keyboard('x')],
  ['it is decided', () => userEvent.setup().keyboard('u')],
])('the picture is guarded again when %s', async (_, happen) => {
  const concealMedia = vi.fn(() => null);
  open('admin', 'safety', { concealMedia });
  await isShown(first);
  await userEvent.setup().keyboard('[Space>]');
  await waitFor(() => expect(urls()).toHaveLength(2));
  await happen();
  await waitFor(() => expect(urls()).toHaveLength(1));
  expect(urls()[0]).toContain('/photo/');
  expect(concealMedia.mock.calls).toEqual([[{ token: `reveal-${first}` }]]);
});

test('a reveal ends by itself when it expires', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'], shouldAdvanceTime: true });
  try {
    open('admin', 'safety', { revealMedia: () => ({ token: 'short', expiresInMs: 4000 }) });
    const user = userEvent.setup({ advanceTimers: (ms) => vi.advanceTimersByTime(ms) });
    await isShown(first);
    await user.keyboard('[Space>]');
    await waitFor(() => expect(urls()).toHaveLength(2));
    await vi.advanceTimersByTimeAsync(4000);
    expect(urls()).toEqual(guarded(first));
  } finally {
    vi.useRealTimers();
  }
});

test('a press reveals one picture: whoever goes on with the key down sees the next one guarded', async () => {
  const { answers } = open('admin', 'safety');
  const revealMedia = vi.fn(answers.revealMedia);
  open('admin', 'safety', { revealMedia });
  const user = userEvent.setup();
  await isShown(first);
  await user.keyboard('[Space>]');
  await waitFor(() => expect(urls()).toHaveLength(2));
  await user.keyboard('x');
  await isShown(second);
  await fireEvent.keyDown(document.body, { key: ' ', code: 'Space', repeat: true });
  expect(urls()).toEqual(guarded(second));
  expect(revealMedia).toHaveBeenCalledTimes(1);
});

test('an answer that comes after letting go shows nothing and is given back', async () => {
  const answer = underWay<Reveal>();
  const concealMedia = vi.fn(() => null);
  open('admin', 'safety', { revealMedia: () => answer.promise, concealMedia });
  const user = userEvent.setup();
  await isShown(first);
  await user.keyboard('[Space>]');
  await screen.findByText('Asking …');
  await user.keyboard('[/Space]');
  answer.resolve({ token: 'late', expiresInMs: 30_000 });
  await waitFor(() => expect(concealMedia.mock.calls).toEqual([[{ token: 'late' }]]));
  expect(urls()).toEqual(guarded(first));
});

test('a reveal that is refused says why', async () => {
  open('admin', 'safety', {
    revealMedia: () => refuse('forbidden', 'Only admins may see unsafe media.'),
  });
  await isShown(first);
  await userEvent.setup().keyboard('[Space>]');
  expect(await screen.findByText('Only admins may see unsafe media.')).toBeTruthy();
  expect(urls()).toEqual(guarded(first));
});

test('a decision takes its reason along, and the next one is there at once', async () => {
  const decideMedia = vi.fn(() => underWay<Decision>().promise);
  open('admin', 'safety', { decideMedia });
  const user = userEvent.setup();
  await isShown(first);
  await user.keyboard('r');
  await user.keyboard('Beach, sun and us{Escape}');
  expect(decideMedia).not.toHaveBeenCalled();
  await user.keyboard('s');
  expect(shown()).toBe(second);
  expect(screen.getByRole<HTMLTextAreaElement>('textbox', { name: /Reason/ }).value).toBe('');
  expect(decideMedia.mock.calls).toEqual([
    [{ seen: { id: first, version: '700' }, safe: true, reason: 'Beach, sun and us' }],
  ]);
});

test('a decision that was not written comes back with its reason', async () => {
  const write = underWay<Decision>();
  open('admin', 'safety', { decideMedia: () => write.promise });
  const user = userEvent.setup();
  await isShown(first);
  await user.keyboard('r');
  await user.keyboard('not ours{Escape}');
  await user.keyboard('u');
  expect(shown()).toBe(second);
  write.reject({ code: 'unavailable', message: 'PostgreSQL does not answer.' });
  await user.click(await screen.findByRole('button', { name: 'Show it' }));
  expect(shown()).toBe(first);
  await waitFor(() =>
    expect(screen.getByRole<HTMLTextAreaElement>('textbox', { name: /Reason/ }).value).toBe(
      'not ours',
    ),
  );
});

test('what somebody else decided is dropped with a sentence', async () => {
  const { answers } = open('admin', 'safety');
  const { items } = await answers.safetyWaiting({ after: null, limit: 200 });
  let decided = false;
  open('admin', 'safety', {
    safetyWaiting: () => {
      const left = items.filter(({ mediaId }) => !decided || mediaId !== first);
      return { total: left.length, items: left, next: null };
    },
    decideMedia: () => {
      decided = true;
      return refuse('conflict', 'amara.okafor decided that it is safe.');
    },
  });
  await isShown(first);
  await userEvent.setup().keyboard('u');
  await screen.findByText('amara.okafor decided that it is safe.');
  expect(shown()).toBe(second);
  expect(document.querySelector(`[data-strip-id="${first}"]`)).toBeNull();
});

test('when nothing is left, the screen says so', async () => {
  open('admin', 'safety', { safetyWaiting: () => ({ total: 0, items: [], next: null }) });
  expect(await screen.findByText('Nothing is waiting for a decision.')).toBeTruthy();
});

test('the screen is accessible', async () => {
  open('admin', 'safety');
  await isShown(first);
  const { violations } = await axe.run(document.body);
  expect(violations.map(({ id, nodes }) => [id, nodes[0]?.html])).toEqual([]);
});
