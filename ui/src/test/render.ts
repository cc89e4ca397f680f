// Draws the whole window, or a part of it, on a backend of the test's own.

import { render, screen } from '@testing-library/svelte';
import userEvent from '@testing-library/user-event';
import axe from 'axe-core';

import App from '../App.svelte';
import type { Role } from '../bindings';
import { backend, serve, type Answers } from './backend';

/** The window as the operator sees it, at `place`; answers other than the usual ones are given. */
export function openConsole(as: Role | null, place = '', other: Partial<Answers> = {}) {
  window.location.hash = place;
  serve({ ...backend(as), ...other });
  render(App);
  return userEvent.setup();
}

/** The screen's region, once it is drawn. */
export const drawn = (title: string) => screen.findByRole('main', { name: title });

/** What keeps somebody from using the page, one line for each. Colours are looked at in a browser: jsdom has none. */
export async function obstacles(): Promise<string[]> {
  const { violations } = await axe.run(document.body, {
    rules: { 'color-contrast': { enabled: false } },
  });
  return violations.flatMap(({ id, nodes }) =>
    nodes.map(({ html }) => `${id}: ${html.slice(0, 200)}`),
  );
}
