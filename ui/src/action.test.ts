import { fireEvent, render, screen } from '@testing-library/svelte';
import userEvent from '@testing-library/user-event';
import { beforeEach, expect, test, vi } from 'vitest';

import type { Action } from './action';
import Offering from './test/Offering.svelte';

beforeEach(() => {
  document.body.replaceChildren();
});

/** Offers actions with these keys; what each of them runs. */
function offered<Name extends string>(keys: Record<Name, string[]>) {
  const names = Object.keys(keys) as Name[];
  const runs = Object.fromEntries(names.map((name) => [name, vi.fn<Action['run']>()])) as Record<
    Name,
    ReturnType<typeof vi.fn<Action['run']>>
  >;
  const actions = names.map((name) => ({
    id: `test.${name}`,
    title: name,
    keys: keys[name],
    run: runs[name],
  }));
  render(Offering, { actions });
  return runs;
}

/** Puts these elements on the page. */
function page(html: string): void {
  const holder = document.createElement('div');
  holder.innerHTML = html;
  document.body.append(holder);
}

test('a key that begins another does nothing by itself, whoever has it', async () => {
  const { merge, search } = offered({ merge: ['g'], search: ['g s'] });
  const user = userEvent.setup();
  await user.keyboard('gs');
  expect(merge).not.toHaveBeenCalled();
  expect(search).toHaveBeenCalledTimes(1);
});

test.each(['checkbox', 'radio'])(
  'Space ticks a focused %s, and other keys are the screen’s',
  async (type) => {
    const { select, next } = offered({ select: ['Space'], next: ['x'] });
    page(`<input type="${type}" aria-label="Berlin">`);
    const box = screen.getByLabelText<HTMLInputElement>('Berlin');
    box.focus();
    await userEvent.setup().keyboard(' x');
    expect(box.checked).toBe(true);
    expect(select).not.toHaveBeenCalled();
    expect(next).toHaveBeenCalledTimes(1);
  },
);

test('Enter follows a focused link, Space is the screen’s', async () => {
  const { open, select } = offered({ open: ['Enter'], select: ['Space'] });
  const followed = vi.fn((event: Event) => event.preventDefault());
  page('<a href="#/people">People</a>');
  const link = screen.getByText('People');
  link.addEventListener('click', followed);
  link.focus();
  await userEvent.setup().keyboard('{Enter} ');
  expect(followed).toHaveBeenCalledTimes(1);
  expect(open).not.toHaveBeenCalled();
  expect(select).toHaveBeenCalledTimes(1);
});

test('what is run by a key is told which press it was', async () => {
  const { look } = offered({ look: ['q'] });
  await fireEvent.keyDown(document.body, { key: 'q', code: 'KeyQ' });
  expect(look.mock.calls[0]?.[1]).toMatchObject({ code: 'KeyQ' });
});
