// Builds dist/ with hashed names; every file that packs well also lies beside itself as .br and .gz, for the server to embed.
import { defineConfig } from 'vite';
import { svelte } from '@sveltejs/vite-plugin-svelte';
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';

const packs = /\.(html|js|css|json|svg|webmanifest|txt)$/;

function files(dir) {
  return readdirSync(dir).flatMap((n) => {
    const p = join(dir, n);
    return statSync(p).isDirectory() ? files(p) : [p];
  });
}

function compress() {
  let out = 'dist';
  return {
    name: 'compress',
    apply: 'build',
    configResolved(c) {
      out = c.build.outDir;
    },
    closeBundle() {
      for (const f of files(out).filter((f) => packs.test(f))) {
        const raw = readFileSync(f);
        const quality = { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_SIZE_HINT]: raw.length };
        writeFileSync(f + '.br', brotliCompressSync(raw, { params: quality }));
        writeFileSync(f + '.gz', gzipSync(raw, { level: 9 }));
      }
    },
  };
}

export default defineConfig({
  plugins: [svelte(), compress()],
  build: {
    manifest: true,
    target: 'es2022',
    modulePreload: { polyfill: false },
    assetsInlineLimit: 0,
    reportCompressedSize: false,
    // What every page uses goes into one file: fewer requests before the first rows. What only later pages use stays with them.
    rolldownOptions: { output: { advancedChunks: { groups: [{ name: 'base', test: /node_modules\/(svelte|clsx|esm-env)|lucide.*Icon|src\/(lib|api|fields|ui)\/(?!(zone|tree|Tree|talk|countries|manage|factor|mass|upload|agent|pages|passkey|rights|rich)\.)/ }] } } },
  },
  server: { proxy: { '/api': process.env.KONTOR_URL ?? 'http://127.0.0.1:8080' } },
  test: { include: ['tests/unit/**/*.test.ts'] },
});
