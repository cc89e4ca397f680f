import { fireEvent, screen, waitFor, within } from '@testing-library/svelte';
import userEvent from '@testing-library/user-event';
import axe from 'axe-core';
import { beforeEach, expect, test, vi } from 'vitest';

import type { Decided, LineState, WaitingFace } from '../bindings';
import { refuse } from '../test/backend';
import { open } from '../test/open';
import { people } from '../test/world';
import { mode } from './mode.svelte';

const [amara] = people;
if (amara === undefined) throw new Error('nobody');

/** So many faces that may be Amara's, the first 0.89 similar, each a hundredth less than the one before. */
const facesOf = (count: number): WaitingFace[] =>
  Array.from({ length: count }, (_, index) => ({
    face: {
      id: index + 1,
      mediaId: index + 1,
      bounds: { x: 0, y: 0, width: 10, height: 10 },
      boundsProblem: null,
      status: 'SUGGESTED',
      identified: null,
      suggested: amara,
      similarity: 0.89 - index / 100,
      version: '700',
    },
    proposed: { person: amara, similarity: 0.89 - index / 100 },
    conflicts: [],
  }));

const rule = { leastPrecision: 0.99, confidence: 0.95, sample: 20 };
const noLine: LineState = { rule, line: null, need: null };
const all = facesOf(8);
const peopleWaiting = () => ({ people: [{ person: amara, faces: 8 }], next: null });
const facesWaiting = () => ({ faces: all, next: null });
const faceLine = () => noLine;
const done = (ids: readonly number[]): Decided => ({
  decisionId: 1,
  done: ids.map((faceId) => ({ faceId, auditId: 1 })),
  skipped: [],
});

const shown = () =>
  [...document.querySelectorAll<HTMLElement>('[data-crop]')].map(({ dataset }) =>
    Number(dataset['crop']),
  );
const selected = () =>
  [...document.querySelectorAll<HTMLElement>('[data-crop][aria-selected="true"]')].map(
    ({ dataset }) => Number(dataset['crop']),
  );
const crop = (id: number) => {
  const found = document.querySelector<HTMLElement>(`[data-crop="${id}"]`);
  if (found === null) throw new Error(`no crop ${id}`);
  return found;
};

async function wallOf(answers: Parameters<typeof open>[2] = {}) {
  open('moderator', 'faces', { peopleWaiting, facesWaiting, faceLine, ...answers });
  const user = userEvent.setup();
  await user.click(await screen.findByRole('button', { name: /, 8 faces$/ }));
  await waitFor(() => expect(shown()).toHaveLength(all.length));
  return user;
}

beforeEach(() => {
  mode.now = 'wall';
  mode.isUnknown = false;
});

test('what is picked out is confirmed in one go and leaves the wall', async () => {
  const decideFaces = vi.fn(() => done([1, 2, 3]));
  const user = await wallOf({ decideFaces });
  await user.click(crop(1));
  await user.keyboard('{Shift>}');
  await user.click(crop(3));
  await user.keyboard('{/Shift}');
  expect(selected()).toEqual([1, 2, 3]);
  await user.keyboard('y');
  await waitFor(() => expect(shown()).toEqual([4, 5, 6, 7, 8]));
  expect(decideFaces.mock.calls).toEqual([
    [{ seen: [1, 2, 3].map((id) => ({ id, version: '700' })), said: { is: amara.id } }],
  ]);
});

test('a refused decision brings the faces back and says why', async () => {
  const user = await wallOf({ decideFaces: () => refuse('unavailable', 'PostgreSQL is away.') });
  await user.click(crop(2));
  await user.keyboard('n');
  await screen.findByText('PostgreSQL is away.');
  expect(shown()).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
});

test('what was left alone comes back as it is now, with the reason', async () => {
  const user = await wallOf({
    decideFaces: () => ({
      ...done([1]),
      skipped: [{ faceId: 2, reason: 'mei.tanaka has decided meanwhile: it is bo.' }],
    }),
    waitingFace: () => all[1] ?? refuse('notFound', 'gone'),
  });
  await user.click(crop(1));
  await user.click(crop(2));
  await user.keyboard('y');
  await screen.findByText(/1 face was left alone. mei.tanaka has decided meanwhile/);
  expect(shown()).toEqual([3, 4, 5, 6, 7, 8, 2]);
});

test('keys walk through the wall and select', async () => {
  const user = await wallOf();
  crop(1).focus();
  await user.keyboard('{ArrowRight}{ArrowRight} {Shift>}{ArrowRight}{/Shift}');
  expect(selected()).toEqual([3, 4]);
  expect(document.activeElement).toBe(crop(4));
  await user.keyboard('{Escape}');
  expect(selected()).toEqual([]);
});

test('the line is used only after a blind sample of what lies above it was right', async () => {
  let line: LineState['line'] = null;
  const decideFaces = vi.fn(({ seen }: { seen: { id: number }[] }) =>
    done(seen.map(({ id }) => id)),
  );
  const confirmAbove = vi.fn(() => done([2, 4]));
  const user = await wallOf({
    faceLine: (args) => {
      const { similarity } = args as { similarity: number | null };
      return { rule, line, need: similarity === null ? null : { above: 1204, sample: 287 } };
    },
    lineSample: () => [all[2], all[0]] as WaitingFace[],
    decideFaces: (args) => decideFaces(args as { seen: { id: number }[] }),
    drawLine: () => (line = { similarity: 0.86, sample: 20, correct: 20, holds: true }),
    confirmAbove,
  });
  crop(4).focus();
  await user.keyboard('l');
  await screen.findByText(
    'A blind sample of 287 of the 1204 faces above the line must be right first: that shows with 95 % confidence that 99 % are.',
  );
  const above = screen.getByRole('button', { name: /Confirm all above/ });
  expect(above.hasAttribute('disabled')).toBe(true);

  await user.keyboard('s');
  const sample = await screen.findByRole('list', { name: 'Blind sample' });
  expect(sample.textContent).not.toMatch(/0\.\d/);
  await user.click(within(sample).getByRole('button', { name: 'Face 2 of the sample' }));
  await user.keyboard('{Enter}');
  await screen.findByText('20 of 20 faces of the sample were right. The line can be used.');
  expect(decideFaces.mock.calls).toEqual([
    [{ seen: [{ id: 3, version: '700' }], said: { is: amara.id } }],
    [{ seen: [{ id: 1, version: '700' }], said: { isNot: amara.id } }],
  ]);

  await screen.findByText('20 of 20 were right: with 95 % confidence 99 % are.');
  await user.keyboard('a');
  await waitFor(() => expect(shown()).toEqual([5, 6, 7, 8]));
  expect(confirmAbove.mock.calls).toEqual([
    [{ wall: { person: amara.id, queue: 'suggested' }, similarity: 0.86 }],
  ]);
});

test('nobody waits, and a list that does not come says why', async () => {
  open('moderator', 'faces', { peopleWaiting: () => ({ people: [], next: null }) });
  await screen.findByText('No face waits for anybody here.');
  open('moderator', 'faces', { peopleWaiting: () => refuse('unavailable', 'PostgreSQL is away.') });
  await screen.findByText('PostgreSQL is away.');
});

test('the wall is accessible', async () => {
  const user = await wallOf();
  await user.click(crop(1));
  const { violations } = await axe.run(document.body);
  expect(violations.map(({ id, nodes }) => [id, nodes[0]?.html])).toEqual([]);
});

const peopleOf = (...counts: number[]) =>
  counts.map((faces, index) => ({ person: people[index] ?? amara, faces }));

test('what is decided leaves the focus on the wall: the arrows go on', async () => {
  const user = await wallOf({ decideFaces: () => done([2]) });
  await user.click(crop(2));
  await user.keyboard('y');
  await waitFor(() => expect(shown()).toEqual([1, 3, 4, 5, 6, 7, 8]));
  await waitFor(() => expect(document.activeElement).toBe(crop(3)));
  await user.keyboard('{ArrowRight} ');
  expect(selected()).toEqual([4]);
});

test('keys go from person to person, also when one was decided to the end; the line begins with each anew', async () => {
  let left = peopleOf(8, 5, 3);
  const user = await wallOf({
    peopleWaiting: () => ({ people: left, next: null }),
    facesWaiting: (args) => {
      const { within } = (args as { asked: { within: { person: number } } }).asked;
      return { faces: within.person === amara.id ? all : all.slice(2, 5), next: null };
    },
    decideFaces: ({ seen }: { seen: { id: number }[] }) => done(seen.map(({ id }) => id)),
  } as Parameters<typeof open>[2]);
  const chosen = () =>
    screen
      .getByRole('navigation', { name: 'People for whom faces wait' })
      .querySelector('[aria-current]')
      ?.getAttribute('aria-label');
  await user.click(crop(6));
  await user.keyboard('j');
  await waitFor(() => expect(shown()).toEqual([3, 4, 5]));
  expect(chosen()).toMatch(/, 5 faces$/);
  await waitFor(() => expect(document.activeElement).toBe(crop(3)));
  await user.keyboard('l');
  expect(crop(3).classList.contains('below')).toBe(false);
  expect(crop(4).classList.contains('below')).toBe(true);

  left = [left[0], left[2]].filter((entry) => entry !== undefined);
  await user.keyboard('{Control>}a{/Control}y');
  await waitFor(() => expect(screen.queryByRole('button', { name: /, 5 faces$/ })).toBeNull());
  await user.keyboard('j');
  await waitFor(() => expect(chosen()).toMatch(/, 3 faces$/));
  await user.keyboard('k');
  await waitFor(() => expect(chosen()).toMatch(/, 8 faces$/));
});

test('the line is put by a button, too, and the counts beside the wall follow', async () => {
  let faces = 8;
  const user = await wallOf({
    peopleWaiting: () => ({ people: [{ person: amara, faces }], next: null }),
    decideFaces: () => {
      faces = 7;
      return done([1]);
    },
  });
  await user.click(crop(3));
  await user.click(screen.getByRole('button', { name: 'Put the line below this face' }));
  expect(crop(3).classList.contains('below')).toBe(false);
  expect(crop(4).classList.contains('below')).toBe(true);
  await user.click(crop(3));
  await user.click(crop(1));
  await user.keyboard('n');
  await screen.findByRole('button', { name: /, 7 faces$/ });
});

test('who comes back to the wall finds it as it was left', async () => {
  const user = await wallOf();
  await user.click(crop(5));
  const wall = screen.getByRole('listbox', { name: 'Faces' });
  wall.scrollTop = 40;
  await fireEvent.scroll(wall);
  await user.keyboard('mmm');
  const again = await screen.findByRole('listbox', { name: 'Faces' });
  expect(again).not.toBe(wall);
  expect(again.scrollTop).toBe(40);
  expect(document.activeElement).toBe(crop(5));
  expect(selected()).toEqual([5]);
});

test('of a few faces above the line the sample has all, and it says so', async () => {
  const user = await wallOf({
    faceLine: () => ({ rule, line: null, need: { above: 4, sample: 4 } }),
    lineSample: () => all.slice(0, 4),
    decideFaces: ({ seen }: { seen: { id: number }[] }) => done(seen.map(({ id }) => id)),
    drawLine: () => ({ similarity: 0.86, sample: 4, correct: 4, holds: false }),
  } as Parameters<typeof open>[2]);
  crop(4).focus();
  await user.keyboard('l');
  await screen.findByText(
    "A sample must have all 4 faces above the line: fewer don't show that 99 % are right.",
  );
  await user.keyboard('s');
  await screen.findByRole('list', { name: 'Blind sample' });
  await user.keyboard('{Enter}');
  await screen.findByText('4 of 4 faces of the sample were right. That was all above the line.');
});

test('who else is on the wall is said, and the wall is left with the screen', async () => {
  const keepWall = vi.fn((args: { on: unknown }) => (args.on === null ? [] : ['mei.tanaka']));
  const user = await wallOf({ keepWall } as Parameters<typeof open>[2]);
  await screen.findByText('mei.tanaka is looking at this wall, too.', {}, { timeout: 3000 });
  expect(keepWall).toHaveBeenCalledWith({ on: { person: amara.id } });
  await user.keyboard('gs');
  await waitFor(() => expect(keepWall).toHaveBeenLastCalledWith({ on: null }));
});
