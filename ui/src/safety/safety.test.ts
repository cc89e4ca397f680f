import { fireEvent, screen, waitFor, within } from '@testing-library/svelte';
import userEvent from '@testing-library/user-event';
import axe from 'axe-core';
import { beforeEach, expect, test, vi } from 'vitest';

import type { Comparison, Decision, Reveal, SafetyPage } from '../bindings';
import { remap, remapNone } from '../keys';
import { refuse } from '../test/backend';
import { open, underWay } from '../test/open';
import { mode } from './mode.svelte';

beforeEach(() => {
  mode.now = 'review';
});

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

test('Reveal under another key ends with that key, and reveals again', async () => {
  remap('safety.reveal', 'j');
  try {
    open('admin', 'safety');
    const user = userEvent.setup();
    await isShown(first);
    for (let times = 0; times < 2; times += 1) {
      await user.keyboard('[KeyJ>]');
      await waitFor(() => expect(urls()).toHaveLength(2));
      await user.keyboard('[Space]');
      expect(urls()).toHaveLength(2);
      await user.keyboard('[/KeyJ]');
      expect(urls()).toEqual(guarded(first));
    }
  } finally {
    remapNone();
  }
});

test('a reveal that was chosen by name ends with the next key, which works as always', async () => {
  const { answers } = open('admin', 'safety');
  const revealMedia = vi.fn(answers.revealMedia);
  open('admin', 'safety', { revealMedia });
  const user = userEvent.setup();
  await isShown(first);
  const reveal = async () => {
    await user.keyboard('{Control>}k{/Control}');
    const field = await screen.findByPlaceholderText('What do you want to do?');
    await user.type(field, 'reveal while{Enter}');
    await waitFor(() => expect(screen.queryByRole('dialog')).toBeNull());
    await waitFor(() => expect(urls()).toHaveLength(2));
  };
  await reveal();
  await user.keyboard('{Escape}');
  expect(urls()).toEqual(guarded(first));

  await reveal();
  await user.keyboard('[Space]');
  expect(urls()).toEqual(guarded(first));
  expect(revealMedia).toHaveBeenCalledTimes(2);
  await user.keyboard('[Space>]');
  await waitFor(() => expect(urls()).toHaveLength(2));
  await user.keyboard('[/Space]');

  await reveal();
  await user.keyboard('x');
  await isShown(second);
  expect(urls()).toEqual(guarded(second));
});

test('after the mouse chose Spotlight, a consequence or another order, Space reveals', async () => {
  const { answers } = open('admin', 'safety');
  const revealMedia = vi.fn(answers.revealMedia);
  open('admin', 'safety', { revealMedia });
  const user = userEvent.setup();
  await isShown(first);
  const spotlight = screen.getByRole('button', { name: 'Spotlight' });
  await waitFor(() => expect(spotlight.hasAttribute('disabled')).toBe(false));
  await user.click(spotlight);
  await user.click(spotlight);
  expect(spotlight.getAttribute('aria-pressed')).toBe('false');
  await user.click(screen.getByRole('checkbox', { name: /Archive the post/ }));
  await user.selectOptions(screen.getByRole('combobox', { name: 'Order' }), 'reach');
  await waitFor(() => expect(shown()).toBeGreaterThan(0));
  await user.keyboard('[Space>]');
  await waitFor(() => expect(urls()).toHaveLength(2));
  await user.keyboard('[/Space]');
  expect(revealMedia).toHaveBeenCalledTimes(1);
});

test('what was decided and is flagged again waits again', async () => {
  open('admin', 'safety', { decideMedia: () => ({}) as Decision });
  const user = userEvent.setup();
  await isShown(first);
  await user.keyboard('s');
  await isShown(second);
  await waitFor(() => expect(screen.queryByText(/^Saving/)).toBeNull());
  await user.keyboard('mmmm');
  await isShown(second);
  await waitFor(() => expect(document.querySelector(`[data-strip-id="${first}"]`)).not.toBeNull());
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
  ['it is decided', () => userEvent.setup().keyboard('s')],
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
    [
      {
        seen: { id: first, version: '700' },
        queue: 'flagged',
        said: {
          ruling: 'safe',
          policy: null,
          severity: null,
          archive: false,
          suspend: false,
          reason: 'Beach, sun and us',
        },
      },
    ],
  ]);
});

test('a decision that was not written comes back with its reason', async () => {
  const write = underWay<Decision>();
  open('admin', 'safety', { decideMedia: () => write.promise });
  const user = userEvent.setup();
  await isShown(first);
  await user.keyboard('r');
  await user.keyboard('not ours{Escape}');
  await user.keyboard('12u');
  expect(shown()).toBe(second);
  write.reject({ code: 'unavailable', message: 'PostgreSQL does not answer.' });
  await user.click(await screen.findByRole('button', { name: 'Show it' }));
  expect(shown()).toBe(first);
  await waitFor(() =>
    expect(screen.getByRole<HTMLTextAreaElement>('textbox', { name: /Reason/ }).value).toBe(
      'not ours',
    ),
  );
  expect(screen.getByRole('button', { name: /^Bare/ }).getAttribute('aria-pressed')).toBe('true');
});

test('what somebody else decided is dropped with a sentence', async () => {
  open('admin', 'safety', {
    safetyItem: () => refuse('notFound', 'This item is not there any more.'),
    decideMedia: () => refuse('conflict', 'amara.okafor has decided meanwhile: it is safe.'),
  });
  await isShown(first);
  await userEvent.setup().keyboard('s');
  await screen.findByText('amara.okafor has decided meanwhile: it is safe.');
  expect(shown()).toBe(second);
  await waitFor(() => expect(document.querySelector(`[data-strip-id="${first}"]`)).toBeNull());
});

const nothing: SafetyPage = { items: [], next: null };

test('when nothing is left, the screen says so', async () => {
  open('admin', 'safety', { safetyWaiting: () => nothing });
  expect(await screen.findByText('Nothing is waiting for a decision.')).toBeTruthy();
});

test('digits go down the tree of policies, Backspace up again, and what is unsafe falls under the chosen one', async () => {
  const { answers } = open('admin', 'safety');
  const decideMedia = vi.fn(answers.decideMedia);
  open('admin', 'safety', { decideMedia });
  const user = userEvent.setup();
  await isShown(first);
  const unsafe = () => screen.getByRole<HTMLButtonElement>('button', { name: /^Unsafe/ });
  await screen.findByRole('button', { name: /^Nudity/ });
  expect(unsafe().disabled).toBe(true);
  await user.keyboard('u');
  expect(decideMedia).not.toHaveBeenCalled();

  await user.keyboard('1');
  expect(screen.getByText('What shows nudity.')).toBeTruthy();
  await user.keyboard('1');
  expect(screen.getByText('What shows explicit.')).toBeTruthy();
  await user.keyboard('{Backspace}');
  expect(screen.getByText('What shows nudity.')).toBeTruthy();
  await user.keyboard('2.au');

  expect(shown()).toBe(second);
  expect(decideMedia.mock.calls).toEqual([
    [
      {
        seen: { id: first, version: '700' },
        queue: 'flagged',
        said: {
          ruling: 'unsafe',
          policy: 6,
          severity: 3,
          archive: true,
          suspend: false,
          reason: null,
        },
      },
    ],
  ]);
  expect(unsafe().disabled).toBe(true);
});

test('what takes two people is said before it is proposed', async () => {
  open('admin', 'safety');
  const user = userEvent.setup();
  await isShown(first);
  await screen.findByRole('button', { name: /^Nudity/ });
  await user.keyboard('1d');
  expect(screen.getByText('A second person has to confirm this.')).toBeTruthy();
  await user.keyboard('u');
  expect(await screen.findByText('Proposed: a second person confirms it.')).toBeTruthy();
});

test('a proposal is confirmed or declined, and nothing else', async () => {
  const { answers } = open('admin', 'safety');
  const { items } = await answers.safetyWaiting({
    asked: { queue: 'flagged', order: 'age' },
    after: null,
    limit: 2,
  });
  const confirmSafety = vi.fn(answers.confirmSafety);
  open('admin', 'safety', {
    confirmSafety,
    safetyWaiting: (args) => ({
      items:
        (args as { asked: { queue: string } }).asked.queue === 'confirm'
          ? items.map((item) => ({ ...item, queue: 'confirm' as const }))
          : [],
      next: null,
    }),
    safetyStory: () => [
      {
        kind: 'proposal',
        at: '2025-11-20T16:40:00Z',
        name: 'amara.okafor',
        words: 'again and again',
        ruling: 'unsafe',
        policy: 1,
        severity: 2,
        archive: true,
        suspend: true,
        outcome: null,
        decision: null,
      },
    ],
  });
  const user = userEvent.setup();
  await screen.findByText('Nothing is waiting for a decision.');
  await user.keyboard('q5');
  await isShown(first);
  expect(
    await screen.findByText(
      'amara.okafor proposes: unsafe: Nudity (version 1), moderate; post archived, uploader suspended',
    ),
  ).toBeTruthy();
  expect(screen.queryByRole('button', { name: /^Safe/ })).toBeNull();
  await user.keyboard('s');
  expect(shown()).toBe(first);
  await user.keyboard('y');
  expect(shown()).toBe(second);
  expect(confirmSafety.mock.calls).toEqual([
    [{ seen: [{ id: first, version: '700' }], agrees: true, reason: null }],
  ]);
});

test('who proposed something finds it again, and can only withdraw it', async () => {
  const { answers } = open('admin', 'safety');
  const confirmSafety = vi.fn(answers.confirmSafety);
  const decideMedia = vi.fn(answers.decideMedia);
  open('admin', 'safety', { ...answers, confirmSafety, decideMedia });
  const user = userEvent.setup();
  await isShown(first);
  await user.keyboard('1du');
  await isShown(second);

  await user.keyboard('q0');
  await isShown(first);
  expect(screen.getByRole('heading', { name: 'You proposed this' })).toBeTruthy();
  for (const name of [/^Safe/, /^Unsafe/, /^Keep/, /^Send/, /^Confirm/])
    expect(screen.queryByRole('button', { name })).toBeNull();
  await user.keyboard('supyhtv');
  expect(shown()).toBe(first);
  expect(decideMedia).toHaveBeenCalledTimes(1);

  await user.keyboard('i');
  await screen.findByText('Nothing that you proposed waits for a second person.');
  expect(confirmSafety.mock.calls).toEqual([
    [{ seen: [{ id: first, version: '700' }], agrees: false, reason: null }],
  ]);
  expect(screen.getByText('Withdrawn: it waits where it did before.')).toBeTruthy();
});

test('a flagged video is watched while it is held, without sound, and is gone when it is let go', async () => {
  URL.createObjectURL = () => 'blob:video';
  URL.revokeObjectURL = vi.fn();
  vi.spyOn(HTMLMediaElement.prototype, 'pause').mockReturnValue();
  vi.spyOn(HTMLMediaElement.prototype, 'load').mockReturnValue();
  const asked: string[] = [];
  vi.spyOn(globalThis, 'fetch').mockImplementation((url) => {
    asked.push(String(url));
    const headers = { 'content-type': 'video/mp4', 'content-range': 'bytes 0-9/10' };
    return Promise.resolve(new Response(new Uint8Array(10), { status: 206, headers }));
  });
  const { answers } = open('admin', 'safety');
  const page = (await answers.safetyWaiting({
    asked: { queue: 'flagged', order: 'age' },
    after: null,
    limit: 2,
  })) as SafetyPage;
  const items = page.items.map((item) => ({ ...item, mediaType: 'VIDEO' }));
  const revealMedia = vi.fn(answers.revealMedia);
  const concealMedia = vi.fn(() => null);
  open('admin', 'safety', {
    revealMedia,
    concealMedia,
    safetyWaiting: () => ({ items, next: null }),
  });
  const user = userEvent.setup();
  await isShown(first);
  const button = screen.getByRole('button', { name: 'Hold to watch the video' });
  expect([asked, document.querySelector('video')]).toEqual([[], null]);

  await user.keyboard('{Shift>}[Space>]');
  const video = await screen.findByLabelText<HTMLVideoElement>(`Video ${first}`);
  expect([video.src, video.muted, video.controls]).toEqual(['blob:video', true, false]);
  expect(asked).toEqual([`/mock-media/revealed/reveal-${first}/0`]);
  expect(revealMedia.mock.calls).toEqual([[{ mediaId: first, region: null }]]);
  expect(urls()).toEqual(guarded(first));
  video.currentTime = 4;
  await fireEvent.timeUpdate(video);
  await user.keyboard('[/Space]{/Shift}');
  expect(document.querySelector('video')).toBeNull();
  expect(video.getAttribute('src')).toBeNull();
  expect(URL.revokeObjectURL).toHaveBeenCalledWith('blob:video');
  expect(concealMedia.mock.calls).toEqual([[{ token: `reveal-${first}` }]]);

  // The next look goes on where this one was left.
  await fireEvent.pointerDown(button, { button: 0 });
  const next = await screen.findByLabelText<HTMLVideoElement>(`Video ${first}`);
  Object.defineProperty(next, 'duration', { value: 9 });
  await fireEvent.loadedMetadata(next);
  expect(next.currentTime).toBe(4);
  await fireEvent.pointerUp(window);
  expect(document.querySelector('video')).toBeNull();
});

test('the queues say how much waits and since when', async () => {
  open('admin', 'safety');
  await isShown(first);
  expect(
    await screen.findByRole('option', { name: /^AI flagged 23, oldest .* 1 late$/ }),
  ).toBeTruthy();
  expect(screen.getByRole('option', { name: 'Reported 0' })).toBeTruthy();
});

test("an item is kept, and found again among one's own", async () => {
  open('admin', 'safety');
  const user = userEvent.setup();
  await isShown(first);
  await user.keyboard('h');
  await isShown(second);
  await user.keyboard('q8');
  await isShown(first);
  await user.keyboard('v');
  await screen.findByText('Nothing was kept or sent to you.');
});

test('an item is sent to a colleague with a note', async () => {
  const { answers } = open('admin', 'safety');
  const assignSafety = vi.fn(answers.assignSafety);
  open('admin', 'safety', { assignSafety });
  const user = userEvent.setup();
  await isShown(first);
  await user.keyboard('t');
  await user.selectOptions(await screen.findByRole('combobox', { name: 'To' }), 'amara.okafor');
  await user.type(screen.getByRole('textbox', { name: 'Note' }), 'you know the place');
  const dialog = screen.getByRole('dialog', { name: 'Send to somebody' });
  await user.click(within(dialog).getByRole('button', { name: 'Send' }));
  await isShown(second);
  expect(assignSafety.mock.calls).toEqual([
    [{ mediaId: first, queue: 'flagged', to: 'amara.okafor', note: 'you know the place' }],
  ]);
});

test('a group shows each of its members before it is decided; other pictures are left out unless they are put in', async () => {
  const { answers } = open('admin', 'safety');
  const decideGroup = vi.fn(answers.decideGroup);
  open('admin', 'safety', { decideGroup });
  const user = userEvent.setup();
  await isShown(first);
  await user.keyboard('l');
  const dialog = await screen.findByRole('dialog', { name: 'Near-duplicates' });
  const other = await within(dialog).findByRole('button', { name: /another picture/ });
  expect(other.getAttribute('aria-pressed')).toBe('false');
  const members = within(dialog).getAllByRole('button', { pressed: true });
  expect(members).toHaveLength(3);
  await user.click(members[1] as HTMLElement);
  await user.click(other);
  await user.click(within(dialog).getByRole('button', { name: 'Safe: 3 photos' }));
  await screen.findByText('3 photos are decided.');
  expect(
    (decideGroup.mock.calls[0] as [{ seen: { id: number }[] }])[0].seen.map(({ id }) => id),
  ).toEqual([17, 51, 68]);
  await isShown(second);
});

test('while pictures are compared, a group is not decided', async () => {
  const answer = underWay<Comparison[]>();
  open('admin', 'safety', { compareMedia: () => answer.promise });
  const user = userEvent.setup();
  await isShown(first);
  await user.keyboard('l');
  const dialog = await screen.findByRole('dialog', { name: 'Near-duplicates' });
  await within(dialog).findAllByText(/comparing/);
  const safe = within(dialog).getByRole<HTMLButtonElement>('button', { name: /^Safe: 1/ });
  expect(safe.disabled).toBe(true);
  answer.resolve([]);
  await waitFor(() => expect(safe.disabled).toBe(false));
  expect(within(dialog).getAllByText(/not compared/)).toHaveLength(3);
  // What could not be compared may be another picture.
  expect(within(dialog).getAllByRole('button', { pressed: true })).toHaveLength(1);
});

test('of a post all members are decided, and it says where there are more', async () => {
  const { answers } = open('admin', 'safety');
  open('admin', 'safety', {
    safetyGroup: (args: Parameters<typeof answers.safetyGroup>[0]) => ({
      ...answers.safetyGroup(args),
      hasMore: true,
    }),
  });
  const user = userEvent.setup();
  await isShown(first);
  await user.keyboard('k');
  const dialog = await screen.findByRole('dialog', { name: 'The whole post' });
  await within(dialog).findByText(/more than these 4 photos/);
  expect(within(dialog).getAllByRole('button', { pressed: true })).toHaveLength(4);
});

test('a second opinion has no consequences, and says so', async () => {
  const { answers } = open('admin', 'safety');
  const decideMedia = vi.fn(answers.decideMedia);
  open('admin', 'safety', {
    decideMedia,
    safetyWaiting: async (args: Parameters<typeof answers.safetyWaiting>[0]) => {
      const page = await answers.safetyWaiting(args);
      return { ...page, items: page.items.map((item) => ({ ...item, queue: 'second' as const })) };
    },
  });
  const user = userEvent.setup();
  await isShown(first);
  for (const name of [/Archive the post/, /Suspend the uploader/])
    expect(screen.getByRole<HTMLInputElement>('checkbox', { name }).disabled).toBe(true);
  expect(screen.getByText(/archives and suspends nothing/)).toBeTruthy();
  await user.keyboard('ad1u');
  await screen.findByText('Noted as your opinion: unsafe.');
  expect(decideMedia.mock.calls[0]).toMatchObject([{ said: { archive: false, suspend: false } }]);
});

test('an order is offered where it says something', async () => {
  open('admin', 'safety');
  const user = userEvent.setup();
  await isShown(first);
  const offered = () =>
    within(screen.getByRole('combobox', { name: 'Order' }))
      .getAllByRole('option')
      .map(({ textContent }) => textContent);
  expect(offered()).toEqual(['Oldest first', 'Widest reach first']);
  await user.selectOptions(screen.getByRole('combobox', { name: 'Queue' }), 'reported');
  expect(offered()).toEqual(['Oldest first', 'Gravest first', 'Widest reach first']);
  await user.selectOptions(screen.getByRole('combobox', { name: 'Order' }), 'severity');
  await user.selectOptions(screen.getByRole('combobox', { name: 'Queue' }), 'flagged');
  expect(screen.getByRole<HTMLSelectElement>('combobox', { name: 'Order' }).value).toBe('age');
});

test('what was sent to somebody is taken back by who sent it', async () => {
  const { answers } = open('admin', 'safety');
  const assignSafety = vi.fn(answers.assignSafety);
  open('admin', 'safety', { ...answers, assignSafety });
  const user = userEvent.setup();
  await isShown(first);
  await user.keyboard('t');
  await user.selectOptions(await screen.findByRole('combobox', { name: 'To' }), 'amara.okafor');
  const dialog = screen.getByRole('dialog', { name: 'Send to somebody' });
  await user.click(within(dialog).getByRole('button', { name: 'Send' }));
  await isShown(second);
  await user.selectOptions(screen.getByRole('combobox', { name: 'Queue' }), 'sent');
  await isShown(first);
  await user.click(screen.getByRole('button', { name: /^Give back/ }));
  await waitFor(() =>
    expect(assignSafety.mock.calls.at(-1)).toMatchObject([{ mediaId: first, to: null }]),
  );
});

test('a decision is taken back with a reason', async () => {
  const { answers } = open('admin', 'safety');
  const revertSafety = vi.fn(answers.revertSafety);
  open('admin', 'safety', { ...answers, revertSafety });
  const user = userEvent.setup();
  await isShown(first);
  await user.keyboard('s');
  await isShown(second);
  await user.keyboard('m');
  await user.click(await screen.findByRole('button', { name: 'Take back' }));
  await user.type(
    await screen.findByRole('textbox', { name: 'Why it does not hold' }),
    'wrong one',
  );
  const dialog = screen.getByRole('dialog', { name: 'Take the decision back' });
  await user.click(within(dialog).getByRole('button', { name: 'Take back' }));
  await screen.findByText('Taken back, with what followed from it.');
  expect(revertSafety.mock.calls).toEqual([[{ decisions: [1], reason: 'wrong one' }]]);
});

test('the work is told in figures and charts, and the week becomes a file', async () => {
  const saveSafetyWeek = vi.fn(() => 12);
  open('admin', 'safety', { saveSafetyWeek });
  const user = userEvent.setup();
  await isShown(first);
  await user.keyboard('mm');
  expect(await screen.findByRole('table', { name: 'Decided per hour today' })).toBeTruthy();
  expect(screen.getByText('0.62')).toBeTruthy();
  await user.click(screen.getByRole('button', { name: 'Week as CSV' }));
  await screen.findByText(/^12 decisions of the last seven days are in/);
  const exposure = screen.getByRole('table', { name: /^Seen in clear for each decision/ });
  expect(within(exposure).getByRole('row', { name: /^Nudity/ }).textContent).toMatch(
    /10\s*1\.5 looks, 8\.4 s\s*–/,
  );
  expect(saveSafetyWeek).toHaveBeenCalledTimes(1);
  const { violations } = await axe.run(document.body);
  expect(violations.map(({ id, nodes }) => [id, nodes[0]?.html])).toEqual([]);
});

test.each(['staff', 'moderator', 'admin'] as const)(
  '%s report any photo with a reason, by the same key',
  async (role) => {
    const reportMedia = vi.fn(() => [1]);
    open(role, 'search', { reportMedia });
    const user = userEvent.setup();
    window.location.hash = '#/search/1';
    await screen.findByRole('complementary', { name: 'Photo' });
    await user.click(await screen.findByRole('button', { name: /^Report photo/ }));
    const dialog = await screen.findByRole('dialog', { name: 'Report photo' });
    await user.selectOptions(
      await within(dialog).findByRole('combobox', { name: 'What is wrong' }),
      '2',
    );
    await user.type(within(dialog).getByRole('textbox', { name: 'Reason' }), 'a fight');
    await user.click(within(dialog).getByRole('button', { name: 'Report' }));
    await screen.findByText('1 photo is reported.');
    expect(reportMedia.mock.calls).toEqual([[{ media: [1], policy: 2, reason: 'a fight' }]]);
  },
);

test('the screen is accessible', async () => {
  open('admin', 'safety');
  await isShown(first);
  const { violations } = await axe.run(document.body);
  expect(violations.map(({ id, nodes }) => [id, nodes[0]?.html])).toEqual([]);
});

test('who has seen enough is told for how long, and offered something else', async () => {
  const said =
    'You have seen 120 unsafe media for 600 s in the last hour, which is enough. Take a break of 12 min, or go on with something else.';
  open('admin', 'safety', { revealMedia: () => refuse('spent', said) });
  await isShown(first);
  await userEvent.setup().keyboard('[Space>]');
  const alert = await screen.findByRole('alert');
  expect(alert.textContent).toContain(said);
  const way = within(alert).getByRole('link', { name: 'Go on with faces' });
  expect(way.getAttribute('href')).toBe('#/faces');
  expect(urls()).toEqual(guarded(first));
});

test('a budget is changed for everybody, and one for a reviewer is made from it', async () => {
  const setRevealBudget = vi.fn(() => null);
  open('admin', 'safety', { setRevealBudget });
  const user = userEvent.setup();
  await user.click(await screen.findByRole('button', { name: 'Progress' }));
  expect(
    await screen.findByText(/You have 108 items of 120 and 555 seconds of 600 left/),
  ).toBeTruthy();
  await user.click(
    await screen.findByRole('button', { name: 'Change that of everybody, All together' }),
  );
  const items = screen.getByRole('spinbutton', { name: 'Items' });
  await user.clear(items);
  await user.type(items, '60');
  await user.click(screen.getByRole('button', { name: 'Set' }));
  await waitFor(() =>
    expect(setRevealBudget.mock.calls).toEqual([
      [{ budget: { reviewer: null, category: '', items: 60, seconds: 600, lookSeconds: 20 } }],
    ]),
  );
  await waitFor(() => expect(screen.queryByRole('form', { name: 'Budget' })).toBeNull());
  await user.click(screen.getByRole('button', { name: 'Review' }));
});
