// The whole window on a screen of it, with the Rust side replaced.

import { cleanup, configure, render } from '@testing-library/svelte';
import { vi } from 'vitest';

import App from '../App.svelte';
import type { Role } from '../bindings';
import { toasts } from '../components/toast';
import type { ScreenName } from '../route';
import { backend, serve, type Answers } from './backend';

// A wait ends when what it waits for is there; this long only on a machine that does ten things at once.
configure({ asyncUtilTimeout: 10_000 });

/** Every stage is this large; jsdom lays nothing out. */
export const STAGE = { width: 800, height: 600 };

export function open(role: Role, screen: ScreenName, replaced: Partial<Answers> = {}) {
  cleanup();
  toasts.clear();
  vi.spyOn(HTMLElement.prototype, 'clientWidth', 'get').mockReturnValue(STAGE.width);
  vi.spyOn(HTMLElement.prototype, 'clientHeight', 'get').mockReturnValue(STAGE.height);
  const answers: Answers = { ...backend(role), ...replaced };
  serve(answers);
  window.location.hash = `#/${screen}`;
  return { ...render(App), answers };
}

/** A promise together with the means to settle it: a write that is under way for as long as a test wants. */
export function underWay<T>() {
  let settle: { resolve: (value: T) => void; reject: (reason: unknown) => void } | undefined;
  const promise = new Promise<T>((resolve, reject) => (settle = { resolve, reject }));
  return {
    promise,
    resolve: (value: T) => settle?.resolve(value),
    reject: (reason: unknown) => settle?.reject(reason),
  };
}
