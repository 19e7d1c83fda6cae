// Types and markup: svelte-check over the tree, then the import order of the rooms. Ends with "N passed, N failed".
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';

const rooms = ['lib', 'ui', 'fields', 'views', 'entities', 'shell', 'routes'];

function files(dir) {
  return readdirSync(dir).flatMap((n) => {
    const p = join(dir, n);
    return statSync(p).isDirectory() ? files(p) : /\.(svelte|ts)$/.test(p) ? [p] : [];
  });
}

function roomErrors() {
  const bad = [];
  for (const f of files('src')) {
    const room = relative('src', f).split('/')[0];
    const text = readFileSync(f, 'utf8');
    if (f.endsWith('.svelte') && text.split('\n').length > 250) bad.push(`${f}: a component over 250 lines`);
    for (const [, to] of text.matchAll(/from '(\.[^']+)'|import\('(\.[^']+)'\)/g)) {
      if (!to) continue;
      const other = relative('src', resolve(dirname(f), to)).split('/')[0];
      if (room === 'ui' && other === 'api') bad.push(`${f}: ui may not import api`);
      if (rooms.indexOf(room) >= 0 && rooms.indexOf(other) > rooms.indexOf(room)) bad.push(`${f}: ${room} may not import ${other}`);
    }
  }
  return bad;
}

const run = spawnSync('npx', ['svelte-check', '--tsconfig', 'tsconfig.json', '--fail-on-warnings', '--output', 'machine'], {
  encoding: 'utf8',
});
const lines = run.stdout.split('\n');
for (const l of lines) if (/ (ERROR|WARNING) /.test(l)) console.log(l.replace(/^\d+ /, ''));
const sum = /COMPLETED (\d+) FILES (\d+) ERRORS (\d+) WARNINGS/.exec(run.stdout);
const bad = roomErrors();
for (const b of bad) console.log(b);
const failed = sum ? Number(sum[2]) + Number(sum[3]) + bad.length : 1;
if (!sum) console.log(run.stdout, run.stderr);
console.log(`${Math.max(0, Number(sum?.[1] ?? 0) - failed)} passed, ${failed} failed`);
process.exit(failed ? 1 : 0);
