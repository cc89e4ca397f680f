import { screen, waitFor, within } from '@testing-library/svelte';
import { expect, test } from 'vitest';

import type { Role } from '../bindings';
import { refuse, type Answers } from '../test/backend';
import { obstacles, openConsole } from '../test/render';

/** Amara's enrolment, as it is drawn. */
async function openEnrolment(as: Role, other: Partial<Answers> = {}, userId = 1) {
  const user = openConsole(as, `#/people/${userId}`, other);
  await user.click(await screen.findByRole('button', { name: 'Enrolment' }));
  const page = await screen.findByRole('group', { name: 'Enrolment' });
  return { user, page };
}

const history = (page: HTMLElement) =>
  within(within(page).getByRole('region', { name: 'History' })).getAllByRole('listitem');

test('the enrolment says where it is from, since when, and whether it counts', async () => {
  const { page } = await openEnrolment('moderator');
  const present = within(page).getByRole('region', { name: 'Present enrolment' });
  expect(present.textContent).toContain('The AI service');
  expect(present.textContent).toContain('3 May 2024');
  expect(present.textContent).toContain('Active');
  expect(history(page)).toHaveLength(1);
  expect(await obstacles()).toEqual([]);
});

test('staff are not shown enrolments', async () => {
  openConsole('staff', '#/people/1');
  await screen.findByRole('button', { name: 'Feed' });
  expect(screen.queryByRole('button', { name: 'Enrolment' })).toBeNull();
});

test('a confirmed face is chosen, looked at and enrolled by keys alone, and taken back', async () => {
  const { user, page } = await openEnrolment('admin');
  await user.keyboard('e');
  const faces = await screen.findAllByRole('radio');
  faces[0]?.focus();
  await user.keyboard(' ');
  await user.keyboard('{ArrowDown}');
  expect(window.location.hash).toBe('#/people/1');

  const preview = await screen.findByRole('region', { name: 'What it would change' });
  expect((await within(preview).findByRole('alert')).textContent).toContain('0.74 similar');
  const gained = within(preview).getByRole('list', { name: /31 faces would be suggested as/ });
  expect(within(gained).getAllByRole('listitem')).toHaveLength(24);
  expect(preview.textContent).toContain('and 7 more');
  expect(preview.textContent).toContain('4,312 faces looked at: those of');
  expect(await obstacles()).toEqual([]);

  await user.keyboard('{Control>}{Enter}{/Control}');
  await waitFor(() => expect(history(page)).toHaveLength(2));
  expect(history(page)[0]?.textContent).toContain('Enrolled from a confirmed face');
  expect(screen.queryByRole('radio')).toBeNull();

  await user.keyboard('i');
  await waitFor(() => expect(page.textContent).toContain('Not active: no face is matched'));
  await user.keyboard('z');
  await waitFor(() => expect(history(page)).toHaveLength(4));
  expect(page.textContent).not.toContain('Not active: no face is matched');
});

test("one's own changes are taken back one after the other, and no more than these", async () => {
  const { user, page } = await openEnrolment('admin');
  for (const [key, entries] of [
    ['i', 2],
    ['i', 3],
    ['z', 4],
    ['z', 5],
  ] as const) {
    await user.keyboard(key);
    await waitFor(() => expect(history(page)).toHaveLength(entries));
  }
  expect(page.textContent).not.toContain('Not active: no face is matched');
  await user.click(within(page).getByRole('button', { name: /Take back your last change/ }));
  expect(await screen.findByText('There is no change of yours to take back.')).toBeTruthy();
  expect(history(page)).toHaveLength(5);
});

test('what was before is looked at before it comes back', async () => {
  const { user, page } = await openEnrolment('admin');
  await user.keyboard('i');
  await waitFor(() => expect(history(page)).toHaveLength(2));
  await user.click(within(page).getByRole('button', { name: /Go back to the enrolment of/ }));
  const preview = await screen.findByRole('region', { name: 'What it would change' });
  await within(preview).findByRole('alert');
  await user.click(screen.getByRole('button', { name: /Save the enrolment/ }));
  await waitFor(() => expect(history(page)).toHaveLength(3));
  expect(history(page)[0]?.textContent).toContain('Back to what it was on');
});

test('a moderator looks, and is told who can save', async () => {
  const { user, page } = await openEnrolment('moderator');
  await user.keyboard('e');
  const [face] = await screen.findAllByRole('radio');
  if (face) await user.click(face);
  await screen.findByRole('region', { name: 'What it would change' });
  expect(page.textContent).toContain('An admin can save this.');
  expect(within(page).queryByRole('button', { name: /Save/ })).toBeNull();
  await user.keyboard('{Escape}');
  expect(screen.queryByRole('radio')).toBeNull();
});

test('who was faster is said, and what is there now is shown', async () => {
  const sentence = 'chidi has changed the enrolment of amara meanwhile. Look at it again.';
  const { user, page } = await openEnrolment('admin', {
    enrol: () => refuse('conflict', sentence),
  });
  await user.keyboard('e');
  const [face] = await screen.findAllByRole('radio');
  if (face) await user.click(face);
  await within(await screen.findByRole('region', { name: 'What it would change' })).findByRole(
    'alert',
  );
  await user.keyboard('{Control>}{Enter}{/Control}');
  expect(await screen.findByText(sentence)).toBeTruthy();
  expect(history(page)).toHaveLength(1);
});

test('a face that can not be enrolled says why in the place of the preview', async () => {
  const { user } = await openEnrolment('admin', {
    previewEnrolment: () =>
      refuse('invalid', 'The AI has no usable embedding of this face. Choose another one.'),
  });
  await user.keyboard('e');
  const [face] = await screen.findAllByRole('radio');
  if (face) await user.click(face);
  expect(await screen.findByText(/no usable embedding/)).toBeTruthy();
  expect(screen.getByRole<HTMLButtonElement>('button', { name: /Save/ }).disabled).toBe(true);
});

test('who was never enrolled, and has no confirmed face, is told what to do', async () => {
  const { user, page } = await openEnrolment('admin', { facesToEnrol: () => [] }, 4);
  expect(page.textContent).toContain('is not enrolled');
  expect(page.textContent).toContain('Nothing yet.');
  await user.keyboard('e');
  expect(await screen.findByText(/Confirm one first/)).toBeTruthy();
});

test('an enrolment that does not come says why', async () => {
  const user = openConsole('moderator', '#/people/1', {
    personEnrolment: () => refuse('unavailable', 'PostgreSQL does not answer.'),
  });
  await user.click(await screen.findByRole('button', { name: 'Enrolment' }));
  expect(await screen.findByText('PostgreSQL does not answer.')).toBeTruthy();
});
