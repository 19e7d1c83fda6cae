// Runs the unit tests and ends with "N passed, N failed".
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const dir = mkdtempSync(join(tmpdir(), 'kontor-web-'));
const out = join(dir, 'result.json');
spawnSync('npx', ['vitest', 'run', '--reporter=default', '--reporter=json', '--outputFile=' + out], { stdio: ['ignore', 'inherit', 'inherit'] });
let passed = 0;
let failed = 1;
try {
  const r = JSON.parse(readFileSync(out, 'utf8'));
  passed = r.numPassedTests;
  failed = r.success ? r.numFailedTests : Math.max(1, r.numFailedTests);
} catch {
  console.log('vitest left no result');
}
rmSync(dir, { recursive: true });
console.log(`${passed} passed, ${failed} failed`);
process.exit(failed ? 1 : 0);
