import { screen, waitFor, within } from '@testing-library/svelte';
import userEvent from '@testing-library/user-event';
import axe from 'axe-core';
import { beforeEach, expect, test, vi } from 'vitest';

import type { Progress, Quality } from '../bindings';
import { refuse } from '../test/backend';
import { open } from '../test/open';
import { mode } from './mode.svelte';
import {
  accuracyInWords,
  dayBars,
  dayBounds,
  hourBars,
  kappaText,
  timeLeft,
  todayInWords,
} from './progress';

const nothing: Progress = { today: { faces: 0, pace: null }, hours: [], days: [] };
const few: Quality = {
  operators: [
    {
      operator: 'bo.lindqvist',
      isOwn: true,
      accuracy: { answered: 7, least: 20, share: null },
      agreement: null,
    },
  ],
  weeks: [],
};
const faceCounts = () => ({ suggested: 100, near: 20, conflicts: 5, kinds: [] });

beforeEach(() => {
  mode.now = 'progress';
});

test('days begin where the operator is, and the last one is today', () => {
  const bounds = dayBounds(new Date(2025, 2, 3, 17, 5), 3).map((at) => new Date(at));
  expect(bounds).toEqual([1, 2, 3, 4].map((day) => new Date(2025, 2, day)));
});

test('each hour of the day has a bar, those without work too', () => {
  const [from, until] = dayBounds(new Date(2025, 5, 3), 1) as [string, string];
  const nine = new Date(2025, 5, 3, 9).toISOString();
  const bars = hourBars([{ from: nine, faces: 12 }], [from, until]);
  expect(bars).toHaveLength(24);
  expect(bars[9]).toEqual({ name: '09:00', label: '09:00', value: 12 });
  expect(bars[10]).toEqual({ name: '10:00', label: '', value: 0 });
});

test('today and every week before it have a label', () => {
  const days = dayBounds(new Date(2025, 5, 30), 15)
    .slice(0, -1)
    .map((from) => ({ from, faces: 1 }));
  const labels = dayBars(days).map(({ label }) => label);
  expect(labels.filter((label) => label !== '')).toEqual(['16 Jun', '23 Jun', '30 Jun']);
});

test('what is not known is said to be unknown', () => {
  expect(todayInWords({ faces: 3, pace: null })).toBe('3 today');
  expect(todayInWords({ faces: 1204, pace: 209.6 })).toBe('1,204 today, 210 an hour');
  expect(accuracyInWords({ answered: 7, least: 20, share: null })).toBe('Not enough yet: 7 of 20');
  expect(kappaText(null)).toBe('–');
  expect(timeLeft(100, null)).toContain('after a minute of work');
  expect(timeLeft(100, 0)).toContain('after a minute of work');
  expect(timeLeft(0, 50)).toBe('Nothing waits.');
  expect(timeLeft(300, 100)).toBe('About 3 h at this pace');
});

test('the key m goes from the stream to the wall, to the progress and back', async () => {
  mode.now = 'stream';
  open('moderator', 'faces');
  const user = userEvent.setup();
  const chosen = () =>
    within(screen.getByRole('group', { name: 'View' })).getByRole('button', { pressed: true });
  await screen.findByRole('group', { name: 'View' });
  for (const view of ['Wall', 'Progress', 'Stream']) {
    await user.keyboard('m');
    await waitFor(() => expect(chosen().textContent).toContain(view));
  }
});

test('the stream says how many are done today, and one more after a decision', async () => {
  mode.now = 'stream';
  open('moderator', 'faces');
  const user = userEvent.setup();
  await screen.findByText('195 today, 62 an hour');
  await waitFor(() =>
    expect(screen.getByRole<HTMLButtonElement>('button', { name: /^Confirm/ }).disabled).toBe(
      false,
    ),
  );
  await user.keyboard('y');
  await screen.findByText('196 today, 62 an hour');
});

test('a moderator sees what is done and left, and their own accuracy only', async () => {
  const { container } = open('moderator', 'faces', { faceCounts });
  const left = await screen.findByText(/Suggested 100, Near 20, Conflicts 5/);
  expect(left.parentElement?.textContent).toContain('125');
  expect(left.textContent).toContain('About 2 h at this pace');
  await screen.findByText('95 % of 40 control items');
  screen.getByText('It lies between 86 % and 98 % (95 %).');
  screen.getByText('91 % alike on 120 faces');
  expect(screen.queryByRole('table', { name: 'Operators, last 30 days' })).toBeNull();
  for (const [name, rows] of [
    ['Faces per hour today', 25],
    ['Faces per day, last 30 days', 31],
    ['Own accuracy per week', 5],
  ] as const) {
    expect(within(screen.getByRole('table', { name })).getAllByRole('row').length).toBe(rows);
  }
  const found = await axe.run(container, { rules: { 'color-contrast': { enabled: false } } });
  expect(found.violations).toEqual([]);
});

test('an admin sees every operator', async () => {
  open('admin', 'faces', { faceCounts });
  const table = await screen.findByRole('table', { name: 'Operators, last 30 days' });
  const row = within(table).getByRole('row', { name: /lena\.vos/ });
  expect(row.textContent).toContain('77');
  expect(row.textContent).toContain('0.83');
  expect(within(table).getByRole('row', { name: /chidi\.eze/ }).textContent).toContain(
    'not enough',
  );
});

test('before there is anything it says so', async () => {
  open('moderator', 'faces', {
    faceProgress: () => nothing,
    faceQuality: () => few,
    faceCounts: () => ({ suggested: 0, near: 0, conflicts: 0, kinds: [] }),
  });
  await screen.findByText('Not enough yet: 7 of 20');
  screen.getByText('Nobody else decided the same faces.');
  screen.getByText(/Nothing waits/);
  expect(screen.queryByRole('table', { name: 'Own accuracy per week' })).toBeNull();
});

test('what did not come is said, and asked for again', async () => {
  const faceQuality = vi
    .fn<() => Quality>()
    .mockImplementationOnce(() => refuse('internal', 'PostgreSQL is busy.'))
    .mockImplementation(() => few);
  open('moderator', 'faces', { faceQuality });
  const problem = await screen.findByRole('alert');
  expect(problem.textContent).toContain('PostgreSQL is busy.');
  await userEvent.setup().click(within(problem).getByRole('button', { name: 'Try again' }));
  await screen.findByText('Not enough yet: 7 of 20');
});
