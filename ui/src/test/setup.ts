// What the browser has and jsdom does not.

import { clearMocks } from '@tauri-apps/api/mocks';
import { configure } from '@testing-library/svelte';
import { afterEach, beforeEach, vi } from 'vitest';

// Longer than any machine is busy; what is awaited is there long before.
configure({ asyncUtilTimeout: 15_000 });

class NothingObserved {
  observe(): void {}
  unobserve(): void {}
  disconnect(): void {}
  takeRecords(): [] {
    return [];
  }
}

vi.stubGlobal('CSS', { escape: (text: string) => text.replace(/[^\w-]/g, String.raw`\$&`) });
vi.stubGlobal('ResizeObserver', NothingObserved);
vi.stubGlobal('IntersectionObserver', NothingObserved);
Element.prototype.scrollIntoView = () => {};
Element.prototype.hasPointerCapture = () => false;

beforeEach(() => {
  window.location.hash = '';
  localStorage.clear();
});

afterEach(() => clearMocks());
