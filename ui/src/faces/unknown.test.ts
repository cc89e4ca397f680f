import { screen, waitFor, within } from '@testing-library/svelte';
import userEvent from '@testing-library/user-event';
import axe from 'axe-core';
import { beforeEach, expect, test, vi } from 'vitest';

import type { Decided, Undoable, UnknownFace, UnknownPerson } from '../bindings';
import { refuse } from '../test/backend';
import { open } from '../test/open';
import { people } from '../test/world';
import { mode } from './mode.svelte';

const [amara] = people;
if (amara === undefined) throw new Error('nobody');

const facesFrom = (first: number, count: number): UnknownFace[] =>
  Array.from({ length: count }, (_, index) => ({
    face: {
      id: first + index,
      mediaId: first + index,
      bounds: { x: 0, y: 0, width: 10, height: 10 },
      boundsProblem: null,
      status: 'UNIDENTIFIED',
      identified: null,
      suggested: null,
      similarity: 0,
      version: '700',
    },
    similarity: 0.9 - index / 100,
  }));

const large: UnknownPerson = { id: 7, faces: 5, sample: [1, 2, 3] };
const small: UnknownPerson = { id: 8, faces: 2, sample: [20, 21] };
const done = (ids: readonly number[]): Decided => ({
  decisionId: 1,
  done: ids.map((faceId) => ({ faceId, auditId: 1 })),
  skipped: [],
});

const shown = () =>
  [...document.querySelectorAll<HTMLElement>('[data-crop]')].map(({ dataset }) =>
    Number(dataset['crop']),
  );
const crop = (id: number) => {
  const found = document.querySelector<HTMLElement>(`[data-crop="${id}"]`);
  if (found === null) throw new Error(`no crop ${id}`);
  return found;
};

async function groupOf(answers: Parameters<typeof open>[2] = {}) {
  open('moderator', 'faces', {
    unknownPeople: () => ({ people: [large, small], next: null }),
    unknownFaces: () => ({ faces: facesFrom(1, 5), next: null }),
    unknownAlike: () => [{ person: small, similarity: 0.61 }],
    ...answers,
  });
  const user = userEvent.setup();
  await user.click(await screen.findByRole('button', { name: 'Unknown person 1, 5 faces' }));
  await waitFor(() => expect(shown()).toHaveLength(5));
  return user;
}

beforeEach(() => {
  mode.now = 'wall';
  mode.isUnknown = true;
});

async function choosePerson(user: ReturnType<typeof userEvent.setup>) {
  await user.type(await screen.findByRole('combobox', { name: 'Name of the person' }), 'amara');
  await screen.findByRole('option', { name: /Amara/ });
  await user.keyboard('{Enter}');
}

test('a whole group is named in one go', async () => {
  const nameCluster = vi.fn(() => done([1, 2, 3, 4, 5]));
  const user = await groupOf({ nameCluster });
  await user.keyboard('/');
  await screen.findByText('Who is it? This names all of them.');
  await choosePerson(user);
  await screen.findByText('No face is left in this group.');
  expect(nameCluster.mock.calls).toEqual([[{ cluster: 7, person: amara.id }]]);
});

test('only what is selected is named, where something is', async () => {
  const decideFaces = vi.fn(() => done([2, 3]));
  const user = await groupOf({ decideFaces });
  await user.click(crop(2));
  await user.click(crop(3));
  await user.keyboard('/');
  await screen.findByText('Who is it? This names 2 faces.');
  await choosePerson(user);
  await waitFor(() => expect(shown()).toEqual([1, 4, 5]));
  expect(decideFaces.mock.calls).toEqual([
    [{ seen: [2, 3].map((id) => ({ id, version: '700' })), said: { is: amara.id } }],
  ]);
});

test('what does not belong is split off, and taken back with what was decided before or elsewhere', async () => {
  const regroupFaces = vi.fn(() => 9);
  const undoDecision = vi.fn(() => ({
    decisionId: 1,
    judgement: 'split' as const,
    faces: [4],
    kept: [],
  }));
  const undoableDecision = (): Undoable => ({
    decisionId: 1,
    judgement: 'split',
    person: null,
    faces: 1,
    decidedAt: '2025-11-20T16:40:00Z',
  });
  const user = await groupOf({ regroupFaces, undoDecision, undoableDecision });
  await user.click(crop(4));
  await user.keyboard('s');
  await waitFor(() => expect(shown()).toEqual([1, 2, 3, 5]));
  await user.keyboard('z');
  await waitFor(() => expect(shown()).toEqual([1, 2, 3, 4, 5]));
  await screen.findByText('1 face is in the group of before.');
  expect(regroupFaces.mock.calls).toEqual([[{ faces: [4], into: null }]]);
  expect(undoDecision).toHaveBeenCalledTimes(1);
});

test('the group that is most alike is merged, and what stays of it when it is taken back is said', async () => {
  let faces = facesFrom(1, 5);
  const mergeClusters = vi.fn(() => {
    faces = [...facesFrom(1, 5), ...facesFrom(20, 2)];
    return [20, 21];
  });
  const undoDecision = vi.fn(() => {
    faces = facesFrom(1, 5);
    const kept = [{ faceId: 21, reason: 'bo has decided this face since, and that stays.' }];
    return { decisionId: 1, judgement: 'merged' as const, faces: [20], kept };
  });
  const undoableDecision = (): Undoable => ({
    decisionId: 1,
    judgement: 'merged',
    person: null,
    faces: 2,
    decidedAt: '2025-11-20T16:40:00Z',
  });
  const user = await groupOf({
    mergeClusters,
    undoDecision,
    undoableDecision,
    unknownFaces: () => ({ faces, next: null }),
  });
  const others = await screen.findByRole('group', { name: 'May be the same person' });
  within(others).getByRole('button', { name: 'Merge with a group of 2 faces, 0.61 alike' });
  await user.keyboard('c');
  await waitFor(() => expect(shown()).toHaveLength(7));
  expect(mergeClusters.mock.calls).toEqual([[{ cluster: 8, into: 7 }]]);
  await user.keyboard('z');
  await waitFor(() => expect(shown()).toHaveLength(5));
  await screen.findByText('bo has decided this face since, and that stays.');
});

test('two faces of one photo are not merged, and it says why', async () => {
  const user = await groupOf({
    mergeClusters: () =>
      refuse('conflict', 'Two of these faces are on photo 3: they are two people.'),
  });
  await user.keyboard('c');
  await screen.findByText('Two of these faces are on photo 3: they are two people.');
  expect(shown()).toHaveLength(5);
});

test('there are no groups, and a list that does not come says why', async () => {
  open('moderator', 'faces', { unknownPeople: () => ({ people: [], next: null }) });
  await screen.findByText('No groups');
  open('moderator', 'faces', { unknownPeople: () => refuse('unavailable', 'PostgreSQL is away.') });
  await screen.findByText('PostgreSQL is away.');
});

test('a group is accessible', async () => {
  const user = await groupOf();
  await user.click(crop(1));
  const { violations } = await axe.run(document.body);
  expect(violations.map(({ id, nodes }) => [id, nodes[0]?.html])).toEqual([]);
});

test('g begins the way to another screen, and merges nobody', async () => {
  const mergeClusters = vi.fn(() => [20, 21]);
  const user = await groupOf({ mergeClusters });
  await screen.findByRole('group', { name: 'May be the same person' });
  await user.keyboard('gs');
  await screen.findByRole('main', { name: 'Search' });
  expect(mergeClusters).not.toHaveBeenCalled();
});
