import { svelte } from '@sveltejs/vite-plugin-svelte'
import { defineConfig } from 'vitest/config'

/** `--mode parts` builds the page of all parts (src/gallery/), which no package has. */
const PAGES = { index: 'index.html', login: 'login.html' }
const PARTS = { parts: 'parts.html' }

export default defineConfig(({ mode }) => ({
  // Relative addresses: the server decides under which prefix Umbel lives (`<base href>`).
  base: './',
  plugins: [svelte()],
  build: {
    outDir: mode === 'parts' ? 'node_modules/.parts' : '../src/umbel/web/static',
    rolldownOptions: { input: mode === 'parts' ? PARTS : PAGES },
    emptyOutDir: true,
    target: 'es2022',
    // The style sheets use `light-dark()`, which must not be rewritten.
    cssTarget: ['chrome123', 'firefox120', 'safari17.5'],
    // Nothing may become a `data:` address: the content security policy forbids it.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
  },
  server: {
    proxy: { '/api': process.env['UMBEL_API'] ?? 'http://127.0.0.1:5555' },
  },
  test: { include: ['src/**/*.test.ts'], environment: 'node' },
}))
