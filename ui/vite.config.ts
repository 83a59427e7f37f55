import { fileURLToPath } from 'node:url'
import { svelte } from '@sveltejs/vite-plugin-svelte'
import { defineConfig } from 'vitest/config'

/** `--mode parts` builds the page of all parts (src/gallery/), which no package has. */
const PAGES = { index: 'index.html', login: 'login.html' }
const PARTS = { parts: 'parts.html' }

interface Modules {
  getModuleInfo: (id: string) => { importedIds: readonly string[] } | null
}

const LOGIN = fileURLToPath(new URL('src/login/main.ts', import.meta.url))
let needed: ReadonlySet<string> | null = null

/** What the login needs is a file of its own, so that nothing of the rest is loaded or run there. */
function ofLogin(id: string, modules: Modules): string | null {
  needed ??= imported(LOGIN, modules)
  return needed.has(id) ? 'base' : null
}

/** Modules that one needs, and itself. */
function imported(from: string, modules: Modules): ReadonlySet<string> {
  const found = new Set([from])
  for (const id of found) for (const each of modules.getModuleInfo(id)?.importedIds ?? []) found.add(each)
  return found
}

export default defineConfig(({ mode }) => ({
  // Relative addresses: the server decides under which prefix Umbel lives (`<base href>`).
  base: './',
  plugins: [svelte()],
  build: {
    outDir: mode === 'parts' ? 'node_modules/.parts' : '../src/umbel/web/static',
    rolldownOptions: {
      input: mode === 'parts' ? PARTS : PAGES,
      output: {
        codeSplitting: {
          // Many small files would cost more than the bytes that a page does not need.
          groups: [
            { name: ofLogin, debugName: 'base', minShareCount: 2, priority: 1 },
            { name: 'shared', minShareCount: 3 },
          ],
        },
      },
    },
    emptyOutDir: true,
    // The server adds the files of a page to its head (`umbel.web.ui_pages`).
    manifest: 'manifest.json',
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
