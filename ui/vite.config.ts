import { svelte } from '@sveltejs/vite-plugin-svelte';
import { svelteTesting } from '@testing-library/svelte/vite';
import { defineConfig } from 'vitest/config';

import { mockMedia } from './src/test/media-server.ts';

export default defineConfig({
  base: './',
  // The mock pictures are served to `npm run dev` only; a build does not know them.
  plugins: [svelte(), svelteTesting(), mockMedia()],
  // The port that Tauri expects when it is pointed at the development server.
  server: { port: 1420, strictPort: true },
  build: {
    // The web views that Tauri 2 runs on; newer CSS stays as it is written.
    target: ['safari17', 'chrome123'],
    cssTarget: ['safari17.5', 'chrome123'],
    // The content security policy allows fonts and styles from files only.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
  },
  test: {
    environment: 'jsdom',
    setupFiles: ['src/test/setup.ts'],
    include: ['src/**/*.test.ts'],
    restoreMocks: true,
    // Axe reads a whole screen, on a machine that may be busy.
    testTimeout: 60_000,
  },
});
