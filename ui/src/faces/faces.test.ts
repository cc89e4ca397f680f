import { screen, waitFor, within } from '@testing-library/svelte';
import userEvent from '@testing-library/user-event';
import axe from 'axe-core';
import { expect, test, vi } from 'vitest';

import type { Candidate, Face, FaceQuery, Verdict } from '../bindings';
import { remap, remapNone } from '../keys';
import { refuse } from '../test/backend';
import { waitingFace } from '../test/deciding';
import { open, underWay } from '../test/open';
import { people, photos } from '../test/world';

const waiting = photos
  .flatMap(({ faces }) => faces)
  .filter(({ status, suggested }) => status === 'SUGGESTED' && suggested !== null)
  .slice(0, 3);
const [one, two, three] = waiting.map(({ id }) => id);

/** As the whole queue. */
const queueOf = (faces: readonly Face[]) => ({ faces: faces.map(waitingFace), next: null });
const facesWaiting = () => queueOf(waiting);
const faceCounts = (suggested: number) => () => ({ suggested, near: 0, conflicts: 0, kinds: [] });
const evidence = () => screen.getByRole('complementary', { name: 'Evidence' });
const shown = () =>
  Number(screen.queryByRole('complementary', { name: 'Evidence' })?.dataset['face']);
const strip = () =>
  [...document.querySelectorAll<HTMLElement>('[data-strip-id]')].map(({ dataset }) =>
    Number(dataset['stripId']),
  );
/** The strip follows a frame later. */
const isAhead = (ids: (number | undefined)[]) => waitFor(() => expect(strip()).toEqual(ids));
const isShown = (id: number | undefined) => waitFor(() => expect(shown()).toBe(id));

test('a confirmed face makes room for the next before it is written, and is written once', async () => {
  const write = underWay<Verdict>();
  const decideFace = vi.fn(() => write.promise);
  open('moderator', 'faces', { facesWaiting, decideFace, faceCounts: faceCounts(3) });
  const user = userEvent.setup();
  await isShown(one);
  await screen.findByText('3 suggestions left, most certain first');

  await user.keyboard('y');
  expect(shown()).toBe(two);
  await isAhead([two, three]);
  expect(screen.getByText('2 suggestions left, most certain first')).toBeTruthy();
  expect(screen.getByText('Saving 1 verdict')).toBeTruthy();
  expect(decideFace.mock.calls).toEqual([
    [{ seen: { id: one, version: '700' }, said: { is: waiting[0]?.suggested?.id } }],
  ]);

  write.resolve({ faceId: one ?? 0, auditId: 1, judgement: 'is', person: people[0] as never });
  await waitFor(() => expect(screen.queryByText('Saving 1 verdict')).toBeNull());
  expect(shown()).toBe(two);
});

test('the status bar tells of suggestions: their number follows a verdict about one at once, and no other', async () => {
  const confirmed = photos
    .flatMap(({ faces }) => faces)
    .find(({ status, bounds }) => status === 'CONFIRMED' && bounds !== null);
  const conflict = waitingFace(confirmed as Face);
  const told = vi.fn(() => ({ faces: 7, safety: 4 }));
  open('moderator', 'faces', {
    facesWaiting: ({ asked }: { asked: FaceQuery }) =>
      asked.queue === 'conflicts' ? { faces: [conflict], next: null } : queueOf(waiting),
    waiting: told,
  });
  const user = userEvent.setup();
  const inBar = (name: string) =>
    within(screen.getByRole('contentinfo', { name: 'Status' })).getByText(name).nextElementSibling
      ?.textContent;
  await isShown(one);
  await waitFor(() => expect(inBar('faces')).toBe('7'));

  await user.keyboard('y');
  await waitFor(() => expect(inBar('faces')).toBe('6'));
  expect(inBar('safety')).toBe('4');

  await user.click(screen.getByRole('button', { name: /^Conflicts/ }));
  await isShown(conflict.face.id);
  await user.keyboard('d');
  await screen.findByText('Nothing contradicts anything.');
  expect(inBar('faces')).toBe('6');
  expect(told).toHaveBeenCalledTimes(1);
});

test('a verdict that could not be written says why and comes back as the next, not under the hand', async () => {
  const write = underWay<Verdict>();
  open('moderator', 'faces', { facesWaiting, decideFace: () => write.promise });
  const user = userEvent.setup();
  await isShown(one);
  await user.keyboard('{Enter}');
  expect(shown()).toBe(two);

  write.reject({ code: 'unavailable', message: 'PostgreSQL does not answer.' });
  await screen.findByText('PostgreSQL does not answer.');
  expect(shown()).toBe(two);
  await isAhead([two, one, three]);

  await user.click(screen.getByRole('button', { name: 'Show it' }));
  expect(shown()).toBe(one);
  expect(within(evidence()).getByText('PostgreSQL does not answer.')).toBeTruthy();
});

test('the last face comes back at once when its verdict could not be written', async () => {
  open('moderator', 'faces', {
    facesWaiting: () => queueOf(waiting.slice(0, 1)),
    decideFace: () => refuse('internal', 'The audit log is full.'),
  });
  await isShown(one);
  await userEvent.setup().keyboard('n');
  await screen.findAllByText('The audit log is full.');
  expect(shown()).toBe(one);
});

test('a face that somebody else decided is dropped with what they decided', async () => {
  open('moderator', 'faces', {
    facesWaiting,
    decideFace: () => refuse('conflict', 'mei.tanaka confirmed Bo Lindqvist on this face.'),
    waitingFace: () => {
      const [face] = waiting;
      if (face === undefined) throw new Error('no face');
      return { face: { ...face, status: 'CONFIRMED' }, proposed: null, conflicts: [] };
    },
  });
  await isShown(one);
  await userEvent.setup().keyboard('y');
  await screen.findByText('mei.tanaka confirmed Bo Lindqvist on this face.');
  await isAhead([two, three]);
  expect(screen.queryByRole('button', { name: 'Show it' })).toBeNull();
});

test('a conflict brings the face back with the version that holds now', async () => {
  const seen: unknown[] = [];
  const decideFace = vi.fn((args: object): Verdict => {
    seen.push((args as { seen: { version: string } }).seen.version);
    if (seen.length === 1) refuse('conflict', 'The AI moved this face meanwhile.');
    return { faceId: one ?? 0, auditId: 1, judgement: 'is', person: people[0] as never };
  });
  const [face] = waiting;
  const photo = photos.find(({ mediaId }) => mediaId === face?.mediaId);
  if (face === undefined || photo === undefined) throw new Error('no face');
  const now = <T extends Face>(face: T) => ({
    ...face,
    version: seen.length === 0 ? '700' : '701',
  });
  open('moderator', 'faces', {
    facesWaiting: () => queueOf([face]),
    decideFace,
    photo: () => ({ ...photo, faces: photo.faces.map(now) }),
    waitingFace: () => waitingFace(now(face)),
  });
  const user = userEvent.setup();
  await isShown(one);
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
    decideFace: () => refuse('notFound', 'This face is gone.'),
  });
  await isShown(one);
  await userEvent.setup().keyboard('n');
  await screen.findByText('This face is gone.');
  await isAhead([two, three]);
  expect(screen.queryByRole('button', { name: 'Show it' })).toBeNull();
});

test('a decided face is not asked again by a page that was on its way', async () => {
  const page = underWay<ReturnType<typeof facesWaiting>>();
  let asked = 0;
  open('moderator', 'faces', {
    facesWaiting: () => ((asked += 1) === 2 ? page.promise : facesWaiting()),
  });
  const user = userEvent.setup();
  await isShown(one);
  window.location.hash = '#/people';
  await waitFor(() => expect(screen.queryByRole('complementary', { name: 'Evidence' })).toBeNull());
  window.location.hash = '#/faces';
  await isShown(one);
  await waitFor(() => expect(asked).toBe(2));
  await user.keyboard('y');
  await waitFor(() => expect(screen.queryByText('Saving 1 verdict')).toBeNull());
  page.resolve(facesWaiting());
  await isShown(two);
  await user.keyboard('nn');
  expect(await screen.findByText('Every suggestion is decided.')).toBeTruthy();
});

test('skipped faces wait, and can be gone over at the end', async () => {
  let left = waiting;
  open('moderator', 'faces', { facesWaiting: () => queueOf(left) });
  const user = userEvent.setup();
  await isShown(one);
  await user.keyboard('xy{ArrowRight}');
  await screen.findByText('That was the last one.');
  left = waiting.filter(({ id }) => id !== two);
  await user.click(screen.getByRole('button', { name: 'Go over them' }));
  await isShown(one);
  await isAhead([one, three]);
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
  const decideFace = vi.fn(() => underWay<Verdict>().promise);
  const { answers } = open('moderator', 'faces', { facesWaiting, decideFace });
  await isShown(one);
  await waitFor(() => expect(document.querySelectorAll('[data-candidate]')).toHaveLength(4));
  const candidates = await answers.faceCandidates({ faceId: one });
  await userEvent.setup().keyboard('2');
  expect(decideFace.mock.calls).toEqual([
    [{ seen: { id: one, version: '700' }, said: { is: candidates[1]?.person.id } }],
  ]);
});

test('somebody else is found by typing, with keys alone; letters typed there decide nothing', async () => {
  const decideFace = vi.fn(() => underWay<Verdict>().promise);
  open('moderator', 'faces', { facesWaiting, decideFace });
  const user = userEvent.setup();
  await isShown(one);
  await user.keyboard('f');
  const field = await screen.findByRole('combobox', { name: 'Name of the person' });
  expect(document.activeElement).toBe(field);

  await user.keyboard('yuki');
  const list = screen.getByRole('listbox');
  await waitFor(() => expect(within(list).getAllByRole('option')).toHaveLength(1));
  await user.keyboard('{Enter}');
  const yuki = people.find(({ username }) => username === 'yuki.sato');
  expect(decideFace.mock.calls).toEqual([
    [{ seen: { id: one, version: '700' }, said: { is: yuki?.id } }],
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
  let said = false;
  const decideFace = vi.fn((): Verdict | Promise<Verdict> => {
    if (said) return underWay<Verdict>().promise;
    said = true;
    return { faceId: rejected.id, auditId: 1, judgement: 'isNot', person: people[0] as never };
  });
  open('moderator', 'faces', {
    facesWaiting: () => queueOf([rejected, next]),
    faceCounts: faceCounts(2),
    photo: () => ({
      ...photo,
      faces: [said ? { ...rejected, status: 'UNIDENTIFIED', suggested: null } : rejected, next],
    }),
    decideFace,
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
  expect(decideFace).toHaveBeenCalledTimes(2);
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

test('nobody we know, not a face, and not this person are three different things', async () => {
  const decideFace = vi.fn(() => underWay<Verdict>().promise);
  open('moderator', 'faces', { facesWaiting, decideFace });
  const user = userEvent.setup();
  await isShown(one);
  await user.keyboard('0dn');
  const said = (decideFace.mock.calls as unknown as [{ said: unknown }][]).map(
    ([args]) => args.said,
  );
  expect(said).toEqual(['nobody', 'noFace', { isNot: waiting[2]?.suggested?.id }]);
});

test('the last decision is taken back and shown again', async () => {
  open('moderator', 'faces', { facesWaiting });
  const user = userEvent.setup();
  await isShown(one);
  await user.keyboard('yn');
  expect(shown()).toBe(three);
  await user.keyboard('z');
  await isShown(two);
  await user.keyboard('z');
  await isShown(one);
  await isAhead([one, two, three]);
  await waitFor(() =>
    expect(screen.getByRole('button', { name: 'Undo' }).hasAttribute('disabled')).toBe(true),
  );
});

test('what somebody else decided since stays, and it is said whose it is', async () => {
  open('moderator', 'faces', {
    facesWaiting,
    undoableDecision: () => ({
      decisionId: 7,
      judgement: 'is',
      person: people[0] ?? null,
      faces: 1,
      decidedAt: '2025-11-20T16:40:00Z',
    }),
    undoDecision: () => ({
      decisionId: 7,
      judgement: 'is',
      faces: [],
      kept: [{ faceId: 1, reason: 'mei.tanaka has decided this face since, and that stays.' }],
    }),
  });
  await isShown(one);
  await waitFor(() =>
    expect(screen.getByRole('button', { name: 'Undo' }).hasAttribute('disabled')).toBe(false),
  );
  await userEvent.setup().keyboard('z');
  await screen.findByText('mei.tanaka has decided this face since, and that stays.');
  expect(shown()).toBe(one);
});

test('each queue keeps its place', async () => {
  open('moderator', 'faces');
  const user = userEvent.setup();
  await waitFor(() => expect(shown()).toBeGreaterThan(0));
  const first = shown();
  await user.keyboard('x');
  const second = shown();
  await user.click(screen.getByRole('button', { name: /^Near/ }));
  await waitFor(() => expect([first, second]).not.toContain(shown()));
  await waitFor(() => expect(shown()).toBeGreaterThan(0));
  expect(within(evidence()).getByRole('heading', { level: 2 }).textContent).toMatch(/Is this/);
  await user.keyboard('q1');
  await isShown(second);
});

test('a conflict says what is wrong and can be dismissed', async () => {
  open('moderator', 'faces');
  const user = userEvent.setup();
  await waitFor(() => expect(shown()).toBeGreaterThan(0));
  await user.keyboard('q3');
  await within(await screen.findByRole('region', { name: 'Conflicts' })).findByText(
    'Its box is not within the photo.',
  );
  const first = shown();
  await user.keyboard('i');
  await waitFor(() => expect(shown()).not.toBe(first));
});

test('who else looks at the photo is said', async () => {
  open('moderator', 'faces', { facesWaiting, keepFaces: () => ['mei.tanaka'] });
  await screen.findByText('mei.tanaka is looking at this photo, too.');
});

test('the faces of a photo are gone through by key, and a confirmed one can be corrected', async () => {
  const decideFace = vi.fn(() => underWay<Verdict>().promise);
  const photo = photos.find(
    ({ faces }) =>
      faces.length === 3 &&
      faces
        .map(({ status }) => status)
        .join()
        .includes('SUGGESTED,CONFIRMED'),
  );
  const [suggested, confirmed] = [
    photo?.faces.find(({ status }) => status === 'SUGGESTED'),
    photo?.faces.find(({ status }) => status === 'CONFIRMED'),
  ];
  if (!suggested || !confirmed) throw new Error('no photo of three');
  open('moderator', 'faces', { facesWaiting: () => queueOf([suggested]), decideFace });
  const user = userEvent.setup();
  await isShown(suggested.id);
  await waitFor(() => expect(document.querySelectorAll('[data-face-id]')).toHaveLength(3));
  for (let presses = 0; presses < 3 && shown() !== confirmed.id; presses += 1)
    await user.keyboard('j');
  await isShown(confirmed.id);
  await user.keyboard('n');
  expect(decideFace.mock.calls).toEqual([
    [
      {
        seen: { id: confirmed.id, version: '700' },
        said: { isNot: confirmed.identified?.id },
      },
    ],
  ]);
});

test('what is on the screen is kept: what one goes back to, and what is looked at in passing', async () => {
  const photo = photos.find(({ faces }) => faces.length === 3);
  const [first] = photo?.faces ?? [];
  if (!photo || !first) throw new Error('no photo of three');
  const together = new Set(photo.faces.map(({ id }) => id));
  const others = photos.flatMap(({ faces }) => faces).filter(({ id }) => !together.has(id));
  const [next] = others;
  const keepFaces = vi.fn<(args: { held: number[] }) => string[]>(() => []);
  const held = () => keepFaces.mock.lastCall?.[0].held ?? [];
  open('moderator', 'faces', {
    facesWaiting: () => queueOf([first, ...others.slice(0, 2)]),
    keepFaces,
  });
  const user = userEvent.setup();
  await isShown(first.id);
  await waitFor(() => expect(document.querySelectorAll('[data-face-id]')).toHaveLength(3));

  await user.keyboard('j');
  await waitFor(() => expect(shown()).not.toBe(first.id));
  const passing = shown();
  await waitFor(() => expect(held()).toEqual(expect.arrayContaining([first.id, passing])), {
    timeout: 3000,
  });

  await user.keyboard('x');
  await isShown(first.id);
  await user.keyboard('x');
  await isShown(next?.id);
  await waitFor(() => expect(held()).not.toContain(first.id), { timeout: 3000 });
  await user.keyboard('b');
  await isShown(first.id);
  await waitFor(() => expect(held()).toContain(first.id), { timeout: 3000 });
});

test('who is a candidate is asked anew when a face that was decided comes again', async () => {
  const faceCandidates = vi.fn<(args: { faceId: number }) => Candidate[]>(() =>
    people.slice(0, 2).map((person) => ({ person, similarity: 0.7 })),
  );
  const asked = () => faceCandidates.mock.calls.filter(([{ faceId }]) => faceId === one).length;
  open('moderator', 'faces', { facesWaiting, faceCandidates });
  const user = userEvent.setup();
  await isShown(one);
  await waitFor(() => expect(asked()).toBe(1));
  await user.keyboard('n');
  await isShown(two);
  await user.keyboard('z');
  await isShown(one);
  await waitFor(() => expect(asked()).toBe(2));
});

test.each([
  ['ordinary', waiting],
  ['hostile', photos.find(({ mediaId }) => mediaId === 402)?.faces ?? []],
])('the screen is accessible with %s faces', async (_, faces) => {
  open('moderator', 'faces', { facesWaiting: () => queueOf(faces) });
  await isShown(faces[0]?.id);
  await waitFor(() => expect(document.querySelector('[data-candidate]')).not.toBeNull());
  const { violations } = await axe.run(document.body);
  expect(violations.map(({ id, nodes }) => [id, nodes[0]?.html])).toEqual([]);
});

test('after an order is chosen the verdict keys work at once, and so they do after Escape', async () => {
  open('moderator', 'faces', { facesWaiting });
  const user = userEvent.setup();
  await isShown(one);
  const order = screen.getByRole('combobox', { name: 'Order' });
  await user.selectOptions(order, 'newest');
  await isShown(one);
  await user.keyboard('x');
  expect(shown()).toBe(two);
  order.focus();
  await user.keyboard('x');
  expect(shown()).toBe(two);
  await user.keyboard('{Escape}x');
  expect(shown()).toBe(three);
});

test('what was clicked is not pressed again by Enter, what Tab led to is', async () => {
  const decideFace = vi.fn(() => underWay<Verdict>().promise);
  open('moderator', 'faces', { facesWaiting, decideFace });
  const user = userEvent.setup();
  await isShown(one);
  const queues = within(screen.getByRole('group', { name: 'Queues' }));
  await user.click(queues.getByRole('button', { name: /^Suggested/ }));
  await user.click(await screen.findByRole('button', { name: 'Zoom in' }));
  const box = document.querySelector(`[data-face-id="${one}"]`);
  if (box !== null) await user.click(box);
  expect(document.activeElement).toBe(document.body);
  await user.keyboard('{Enter}');
  expect(decideFace).toHaveBeenCalledTimes(1);
  const near = queues.getByRole('button', { name: /^Near/ });
  near.focus();
  await user.keyboard('{Enter}');
  await waitFor(() => expect(near.getAttribute('aria-pressed')).toBe('true'));
  expect(decideFace).toHaveBeenCalledTimes(1);
});

test('tools tell the keys that they have now', async () => {
  open('moderator', 'faces', { facesWaiting });
  await isShown(one);
  const fit = await screen.findByRole('button', { name: 'Fit the whole photo' });
  expect(fit.title).toBe('Fit the whole photo (W)');
  remap('photo.fit', 'h');
  await waitFor(() => expect(fit.title).toBe('Fit the whole photo (H)'));
  remapNone();
});

test('a face that is deleted while it is looked at is said to be gone, and the stream goes on', async () => {
  const { answers } = open('moderator', 'faces');
  open('moderator', 'faces', {
    facesWaiting,
    photo: async (args) => {
      const photo = await answers.photo(args);
      return { ...photo, faces: photo.faces.filter(({ id }) => id !== one) };
    },
    waitingFace: (args) =>
      (args as { faceId: number }).faceId === one
        ? refuse('notFound', 'This face is gone.')
        : answers.waitingFace(args),
  });
  await screen.findByText('This face is gone.');
  await isShown(two);
  await isAhead([two, three]);
});
