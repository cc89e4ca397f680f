import { screen, waitFor, within } from '@testing-library/svelte';
import userEvent from '@testing-library/user-event';
import axe from 'axe-core';
import { beforeEach, expect, test, vi } from 'vitest';

import type { Policy } from '../bindings';
import { refuse } from '../test/backend';
import { open } from '../test/open';
import { policies } from '../test/judging';
import { mode } from './mode.svelte';
import { codeOf, draftOf, outlineOf } from './policies';

beforeEach(() => {
  mode.now = 'policies';
});

const tree = () => screen.findByRole('navigation', { name: 'Policies' });
const names = async () =>
  within(await tree())
    .getAllByRole('button')
    .map(({ textContent }) => textContent?.trim().replace(/\s+/g, ' '));
const heading = (name: string) => screen.findByRole('heading', { name });

test('the tree is walked by keys, and each text says what follows from it', async () => {
  open('admin', 'safety');
  const user = userEvent.setup();
  expect(await names()).toEqual([
    'Nudity v1',
    'Explicit v1',
    'Bare v1',
    'Violence v1',
    'Child safety v1',
    'Spam v1',
  ]);
  await heading('Nudity');
  expect(screen.getByText('What shows nudity.')).toBeTruthy();
  expect(screen.getByText(/Version 1, by mei.tanaka, .*, in use/)).toBeTruthy();
  await user.keyboard('{ArrowDown}{ArrowDown}{ArrowDown}{ArrowDown}');
  await heading('Child safety');
  expect(screen.getByText(/^Two of those named for child safety/)).toBeTruthy();
  expect(screen.getByText('Only those named for child safety revise this policy.')).toBeTruthy();
  await user.keyboard('e');
  expect(screen.queryByRole('form')).toBeNull();
  const { violations } = await axe.run(document.body);
  expect(violations.map(({ id, nodes }) => [id, nodes[0]?.html])).toEqual([]);
});

test('a text is revised, and the version before stays to be read', async () => {
  const { answers } = open('admin', 'safety');
  const revisePolicy = vi.fn(answers.revisePolicy);
  open('admin', 'safety', { ...answers, revisePolicy });
  const user = userEvent.setup();
  await heading('Nudity');
  await user.keyboard('e');
  const form = await screen.findByRole('form', { name: 'Next version' });
  const covers = within(form).getByRole('textbox', { name: 'What falls under it' });
  await user.clear(covers);
  await user.type(covers, 'Bare skin.');
  // While somebody writes, letters are letters, and the tree stays where it is.
  expect((await names())[0]).toBe('Nudity v1');
  await user.click(within(form).getByRole('button', { name: 'Write version 2' }));

  await waitFor(async () => expect((await names())[0]).toBe('Nudity v2'));
  expect(screen.queryByRole('form')).toBeNull();
  expect(screen.getByText('Bare skin.')).toBeTruthy();
  const versions = screen.getByRole('list', { name: 'Versions' });
  expect(within(versions).getAllByRole('listitem')).toHaveLength(2);
  expect(within(versions).getByText('What shows nudity.')).toBeTruthy();
  expect(revisePolicy.mock.calls).toEqual([
    [
      {
        draft: {
          code: 'nudity',
          seen: 1,
          parent: null,
          place: 1,
          name: 'Nudity',
          covers: 'Bare skin.',
          excludes: 'Art, news and education.',
          severity: 2,
          isRetired: false,
        },
      },
    ],
  ]);
});

test('a part is added in a free place, retired, and taken up again', async () => {
  open('admin', 'safety');
  const user = userEvent.setup();
  await heading('Nudity');
  await user.keyboard('n');
  const form = await screen.findByRole('form', { name: 'New part' });
  const place = within(form).getByRole<HTMLSelectElement>('combobox', { name: /^Key/ });
  expect(place.value).toBe('3');
  await user.type(within(form).getByRole('textbox', { name: 'Name' }), 'Old & new');
  const code = within(form).getByRole<HTMLInputElement>('textbox', { name: /^Code/ });
  expect(code.value).toBe('nudity_old_new');
  await user.type(within(form).getByRole('textbox', { name: 'What falls under it' }), 'This.');
  await user.type(within(form).getByRole('textbox', { name: 'What does not' }), 'That.');
  await user.click(within(form).getByRole('button', { name: /^Add the part/ }));

  await heading('Old & new');
  expect(await names()).toContain('Old & new v1');
  await user.keyboard('{Delete}');
  await waitFor(async () => expect(await names()).toContain('Old & new retired'));
  await user.keyboard('r');
  await waitFor(async () => expect((await names()).join()).not.toContain('Old & new'));
  await user.keyboard('r');
  await user.click(await screen.findByRole('button', { name: /^Old & new/ }));
  await user.keyboard('u');
  await waitFor(async () => expect(await names()).toContain('Old & new v3'));
});

test('what is refused is said in its sentence, and what was written stays', async () => {
  const said = "Place 2 is that of 'Violence': choose another one.";
  open('admin', 'safety', { revisePolicy: () => refuse('invalid', said) });
  const user = userEvent.setup();
  await heading('Nudity');
  await user.keyboard('e');
  const name = await screen.findByRole<HTMLInputElement>('textbox', { name: 'Name' });
  await user.type(name, ' and more');
  await user.click(screen.getByRole('button', { name: 'Write version 2' }));
  expect((await screen.findByRole('alert')).textContent).toContain(said);
  expect(name.value).toBe('Nudity and more');
  // The first Escape leaves the field, the next one the form.
  await user.click(name);
  await user.keyboard('{Escape}');
  expect(screen.getByRole('form')).toBeTruthy();
  await user.keyboard('{Escape}');
  await waitFor(() => expect(screen.queryByRole('form')).toBeNull());
});

test('who was overtaken reads the newer text and may write the next version', async () => {
  const { answers } = open('admin', 'safety');
  const revisePolicy = vi.fn(answers.revisePolicy);
  open('admin', 'safety', { ...answers, revisePolicy });
  const user = userEvent.setup();
  await heading('Nudity');
  await user.keyboard('e');
  const name = await screen.findByRole('textbox', { name: 'Name' });
  const [nudity] = policies as [Policy];
  await answers.revisePolicy({ draft: { ...draftOf(nudity), covers: 'Theirs.' } });
  await user.type(name, ' again');
  await user.click(screen.getByRole('button', { name: 'Write version 2' }));
  await screen.findByRole('alert');
  await screen.findByText('Theirs.');
  await user.click(await screen.findByRole('button', { name: 'Write version 3' }));
  await heading('Nudity again');
  expect(revisePolicy).toHaveBeenCalledTimes(2);
});

test('policies that can not be read say so, and are asked for again', async () => {
  let fails = true;
  const { answers } = open('admin', 'safety');
  open('admin', 'safety', {
    safetyPolicies: () =>
      fails ? refuse('unavailable', 'PostgreSQL does not answer.') : answers.safetyPolicies({}),
  });
  await screen.findByText(/PostgreSQL does not answer/);
  fails = false;
  await userEvent.setup().click(screen.getByRole('button', { name: /again/i }));
  await heading('Nudity');
});

test('a retired policy is shown only where it is asked for, and a code has small letters only', () => {
  const all = policies.map((one) => ({ ...one, isRetired: one.code === 'spam' }));
  expect(outlineOf(all, false).map(({ code }) => code)).not.toContain('spam');
  expect(outlineOf(all, true).map(({ code }) => code)).toContain('spam');
  expect(codeOf('spam', ' Été 24/7: links! ')).toBe('spam_e_te_links');
  expect(codeOf('child_safety', 'x'.repeat(60))).toHaveLength(40);
});
