// What the first page costs over the wire (brotli, fonts as they are), against the limits. Ends with "N passed, N failed".
import { existsSync, readFileSync, statSync } from 'node:fs';

const manifest = JSON.parse(readFileSync('dist/.vite/manifest.json', 'utf8'));
const size = (f) => statSync(existsSync(`dist/${f}.br`) ? `dist/${f}.br` : `dist/${f}`).size;

/** The files a chunk needs before it runs. */
function closure(key, seen = new Set()) {
  const c = manifest[key];
  if (!c || seen.has(c.file)) return seen;
  seen.add(c.file);
  for (const f of c.css ?? []) seen.add(f);
  for (const k of c.imports ?? []) closure(k, seen);
  return seen;
}

const sum = (files) => [...files].reduce((n, f) => n + size(f), 0);
const entry = closure('index.html');
const js = sum([...entry].filter((f) => f.endsWith('.js')));
const css = sum([...entry].filter((f) => f.endsWith('.css')));
const languages = ['en', 'de', 'lt', 'ru'].map((l) => size(manifest[`messages/${l}.json`].file));
const fonts = Object.values(manifest).map((c) => c.file).filter((f) => f.endsWith('.woff2'));
const lazy = Object.values(manifest).filter((c) => c.isDynamicEntry).map((c) => size(c.file));
const rows = [
  ['JS of the first view', js, 60_000],
  ['CSS of the first view', css, 8_000],
  ['largest language', Math.max(...languages), 15_000],
  ['largest lazy chunk', Math.max(...lazy), 110_000],
  ['first load with all fonts', js + css + Math.max(...languages) + sum(fonts) + size('index.html'), 150_000],
];
let failed = 0;
for (const [what, bytes, limit] of rows) {
  if (bytes > limit) failed++;
  console.log(`${bytes > limit ? 'OVER' : 'ok  '} ${what}: ${(bytes / 1000).toFixed(1)} of ${limit / 1000} kB`);
}
console.log(`${rows.length - failed} passed, ${failed} failed`);
process.exit(failed ? 1 : 0);
