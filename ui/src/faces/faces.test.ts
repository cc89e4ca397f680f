import { screen, waitFor, within } from '@testing-library/svelte';
import userEvent from '@testing-library/user-event';
import axe from 'axe-core';
import { expect, test, vi } from 'vitest';

import type { Verdict } from '../bindings';
import { refuse } from '../test/backend';
import { open, underWay } from '../test/open';
import { people, photos } from '../test/world';

const waiting = photos
  .flatMap(({ faces }) => faces)
  .filter(({ status, suggested }) => status === 'SUGGESTED' && suggested !== null)
  .slice(0, 3);
const [one, two, three] = waiting.map(({ id }) => id);

const facesWaiting = () => ({ total: waiting.length, faces: waiting, next: null });
const evidence = () => screen.getByRole('complementary', { name: 'Evidence' });
const shown = () =>
  Number(screen.queryByRole('complementary', { name: 'Evidence' })?.dataset['face']);
const strip = () =>
  [...document.querySelectorAll<HTMLElement>('[data-strip-id]')].map(({ dataset }) =>
    Number(dataset['stripId']),
  );
const isShown = (id: number | undefined) => waitFor(() => expect(shown()).toBe(id));

test('a confirmed face makes room for the next before it is written, and is written once', async () => {
  const write = underWay<Verdict>();
  const confirmFace = vi.fn(() => write.promise);
  open('moderator', 'faces', { facesWaiting, confirmFace });
  const user = userEvent.setup();
  await isShown(one);

  await user.keyboard('y');
  expect(shown()).toBe(two);
  expect(strip()).toEqual([two, three]);
  expect(screen.getByText('2 suggestions left, most certain first')).toBeTruthy();
  expect(screen.getByText('Saving 1 verdict')).toBeTruthy();
  expect(confirmFace.mock.calls).toEqual([
    [{ seen: { id: one, version: '700' }, person: waiting[0]?.suggested?.id }],
  ]);

  write.resolve({ faceId: one ?? 0, auditId: 1, judgement: 'is', person: people[0] as never });
  await waitFor(() => expect(screen.queryByText('Saving 1 verdict')).toBeNull());
  expect(shown()).toBe(two);
});

test('a verdict that could not be written says why and comes back as the next, not under the hand', async () => {
  const write = underWay<Verdict>();
  open('moderator', 'faces', { facesWaiting, confirmFace: () => write.promise });
  const user = userEvent.setup();
  await isShown(one);
  await user.keyboard('{Enter}');
  expect(shown()).toBe(two);

  write.reject({ code: 'unavailable', message: 'PostgreSQL does not answer.' });
  await screen.findByText('PostgreSQL does not answer.');
  expect(shown()).toBe(two);
  expect(strip()).toEqual([two, one, three]);

  await user.click(screen.getByRole('button', { name: 'Show it' }));
  expect(shown()).toBe(one);
  expect(within(evidence()).getByText('PostgreSQL does not answer.')).toBeTruthy();
});

test('the last face comes back at once when its verdict could not be written', async () => {
  open('moderator', 'faces', {
    facesWaiting: () => ({ total: 1, faces: waiting.slice(0, 1), next: null }),
    rejectFace: () => refuse('internal', 'The audit log is full.'),
  });
  await isShown(one);
  await userEvent.setup().keyboard('n');
  await screen.findAllByText('The audit log is full.');
  expect(shown()).toBe(one);
});

test('a face that somebody else decided is dropped with what they decided', async () => {
  let decided = false;
  const { answers } = open('moderator', 'faces');
  open('moderator', 'faces', {
    facesWaiting,
    confirmFace: () => {
      decided = true;
      return refuse('conflict', 'mei.tanaka confirmed Bo Lindqvist on this face.');
    },
    photo: async (args) => {
      const photo = await answers.photo(args);
      const faces = photo.faces.map((face) => ({ ...face, status: 'CONFIRMED' as const }));
      return decided ? { ...photo, faces } : photo;
    },
  });
  await isShown(one);
  await userEvent.setup().keyboard('y');
  await screen.findByText('mei.tanaka confirmed Bo Lindqvist on this face.');
  expect(strip()).toEqual([two, three]);
  expect(screen.queryByRole('button', { name: 'Show it' })).toBeNull();
});

test('a conflict brings the face back with the version that holds now', async () => {
  const seen: unknown[] = [];
  const confirmFace = vi.fn((args: object): Verdict => {
    seen.push((args as { seen: { version: string } }).seen.version);
    if (seen.length === 1) refuse('conflict', 'The AI moved this face meanwhile.');
    return { faceId: one ?? 0, auditId: 1, judgement: 'is', person: people[0] as never };
  });
  const photo = photos.find(({ mediaId }) => mediaId === waiting[0]?.mediaId);
  if (photo === undefined) throw new Error('no photo');
  const versions = ['700', '701'];
  let reads = 0;
  open('moderator', 'faces', {
    facesWaiting: () => ({ total: 1, faces: waiting.slice(0, 1), next: null }),
    confirmFace,
    photo: () => {
      const version = versions[Math.min(reads++, 1)] ?? '';
      return { ...photo, faces: photo.faces.map((face) => ({ ...face, version })) };
    },
  });
  const user = userEvent.setup();
  await isShown(one);
  await waitFor(() => expect(reads).toBe(1));
  await user.keyboard('y');
  await screen.findAllByText('The AI moved this face meanwhile.');
  await isShown(one);
  await user.keyboard('y');
  await screen.findByText('Every suggestion is decided.');
  expect(seen).toEqual(['700', '701']);
});

test('a face that is gone is dropped, and the stream goes on', async () => {
  open('moderator', 'faces', {
    facesWaiting,
    rejectFace: () => refuse('notFound', 'This face is gone.'),
  });
  await isShown(one);
  await userEvent.setup().keyboard('n');
  await screen.findByText('This face is gone.');
  expect(strip()).toEqual([two, three]);
  expect(screen.queryByRole('button', { name: 'Show it' })).toBeNull();
});

test('a decided face is never asked again, even by a page that was on its way', async () => {
  open('moderator', 'faces', { facesWaiting });
  const user = userEvent.setup();
  await isShown(one);
  await user.keyboard('y');
  window.location.hash = '#/people';
  await waitFor(() => expect(screen.queryByRole('complementary', { name: 'Evidence' })).toBeNull());
  window.location.hash = '#/faces';
  await isShown(two);
  await user.keyboard('nn');
  expect(await screen.findByText('Every suggestion is decided.')).toBeTruthy();
});

test('skipped faces wait, and can be gone over at the end', async () => {
  open('moderator', 'faces', { facesWaiting });
  const user = userEvent.setup();
  await isShown(one);
  await user.keyboard('xy{ArrowRight}');
  await screen.findByText('That was the last one.');
  await user.click(screen.getByRole('button', { name: 'Go over them' }));
  await isShown(one);
  expect(strip()).toEqual([one, three]);
});

test('back leads to the one that was skipped', async () => {
  open('moderator', 'faces', { facesWaiting });
  const user = userEvent.setup();
  await isShown(one);
  await user.keyboard('xx');
  expect(shown()).toBe(three);
  await user.keyboard('bb');
  expect(shown()).toBe(one);
});

test('a number chooses a candidate', async () => {
  const confirmFace = vi.fn(() => underWay<Verdict>().promise);
  const { answers } = open('moderator', 'faces', { facesWaiting, confirmFace });
  await isShown(one);
  await waitFor(() => expect(document.querySelectorAll('[data-candidate]')).toHaveLength(4));
  const candidates = await answers.faceCandidates({ faceId: one });
  await userEvent.setup().keyboard('2');
  expect(confirmFace.mock.calls).toEqual([
    [{ seen: { id: one, version: '700' }, person: candidates[1]?.person.id }],
  ]);
});

test('somebody else is found by typing, with keys alone; letters typed there decide nothing', async () => {
  const confirmFace = vi.fn(() => underWay<Verdict>().promise);
  const rejectFace = vi.fn(() => underWay<Verdict>().promise);
  open('moderator', 'faces', { facesWaiting, confirmFace, rejectFace });
  const user = userEvent.setup();
  await isShown(one);
  await user.keyboard('f');
  const field = await screen.findByRole('combobox', { name: 'Name of the person' });
  expect(document.activeElement).toBe(field);

  await user.keyboard('yuki');
  await waitFor(() => expect(screen.getAllByRole('option')).toHaveLength(1));
  await user.keyboard('{Enter}');
  expect(rejectFace).not.toHaveBeenCalled();
  const yuki = people.find(({ username }) => username === 'yuki.sato');
  expect(confirmFace.mock.calls).toEqual([
    [{ seen: { id: one, version: '700' }, person: yuki?.id }],
  ]);
  expect(shown()).toBe(two);
});

test('a rejected face can still be named from its photo, and is counted once', async () => {
  const [photo] = photos.filter(({ faces }) => faces.length === 3);
  if (photo === undefined) throw new Error('no photo of three');
  const [rejected, next] = photo.faces.map((face) => ({
    ...face,
    status: 'SUGGESTED' as const,
    suggested: people[0] ?? null,
    identified: null,
  }));
  if (rejected === undefined || next === undefined) throw new Error('no faces');
  const confirmFace = vi.fn(() => underWay<Verdict>().promise);
  let said = false;
  open('moderator', 'faces', {
    facesWaiting: () => ({ total: 2, faces: [rejected, next], next: null }),
    photo: () => ({
      ...photo,
      faces: [said ? { ...rejected, status: 'UNIDENTIFIED', suggested: null } : rejected, next],
    }),
    rejectFace: () => {
      said = true;
      return { faceId: rejected.id, auditId: 1, judgement: 'isNot', person: people[0] as never };
    },
    confirmFace,
  });
  const user = userEvent.setup();
  await isShown(rejected.id);
  await user.keyboard('n');
  await waitFor(() => expect(screen.queryByText('Saving 1 verdict')).toBeNull());
  await user.click(screen.getByRole('button', { name: /^Not identified: Unknown/ }));
  await isShown(rejected.id);
  await waitFor(() => expect(document.querySelectorAll('[data-candidate]')).toHaveLength(4));
  await user.keyboard('1');
  await isShown(next.id);
  expect(confirmFace).toHaveBeenCalledTimes(1);
  expect(screen.getByText('1 suggestion left, most certain first')).toBeTruthy();
});

test('a queue that does not come says why and can be asked for again', async () => {
  let asked = 0;
  open('moderator', 'faces', {
    facesWaiting: () =>
      (asked += 1) === 1 ? refuse('unavailable', 'PostgreSQL does not answer.') : facesWaiting(),
  });
  await screen.findByText('PostgreSQL does not answer.');
  await userEvent.setup().click(screen.getByRole('button', { name: 'Try again' }));
  await isShown(one);
});

test.each([
  ['ordinary', waiting],
  ['hostile', photos.find(({ mediaId }) => mediaId === 402)?.faces ?? []],
])('the screen is accessible with %s faces', async (_, faces) => {
  open('moderator', 'faces', { facesWaiting: () => ({ total: faces.length, faces, next: null }) });
  await isShown(faces[0]?.id);
  await waitFor(() => expect(document.querySelector('[data-candidate]')).not.toBeNull());
  const { violations } = await axe.run(document.body);
  expect(violations.map(({ id, nodes }) => [id, nodes[0]?.html])).toEqual([]);
});
