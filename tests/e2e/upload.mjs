// A large file whose line breaks on the way: it goes on where it stood, and comes out whole.
import { say } from './lib.mjs';

export const name = 'upload';

const rows = 300_000;
const sheet = `Name;Telefon\n${Array.from({ length: rows }, (_, i) => `Kunde Nr ${String(i).padStart(6, '0')};0221 ${1_000_000 + i}\n`).join('')}`;

export async function run(v) {
  const { page } = v;
  let pieces = 0;
  let broken = 0;
  await page.route('**/api/v1/upload/*', async (route) => {
    if (route.request().method() !== 'PATCH' || ++pieces !== 2) return route.continue();
    broken++;
    return route.abort('connectionreset');
  });
  const whole = page.waitForResponse(async (r) => r.request().method() === 'GET' && /\/upload\/\d+$/.test(new URL(r.url()).pathname) && (await r.json()).file !== null, { timeout: 240_000 }).catch(() => null);
  await page.goto(`${v.url}/import`);
  await page.getByRole('heading', { level: 1 }).waitFor();
  const again = page.getByRole('button', { name: say(v, 'import.again'), exact: true }); // the last import stands there yet
  const input = page.locator('input[type=file]');
  await input.or(again).first().waitFor({ state: 'attached' });
  if (await again.isVisible()) await again.click();
  await input.setInputFiles({ name: 'groß.csv', mimeType: 'text/csv', buffer: Buffer.from(sheet) }, { timeout: 60_000 }); // megabytes through the browser's wire
  await page.getByText(say(v, 'import.uploading', { name: 'groß.csv' })).first().waitFor();
  await v.axe('a large file on its way');
  await v.shot('upload');
  const read = page.getByLabel('Telefon', { exact: true }).waitFor({ timeout: 120_000 });
  v.ok(await read.then(() => true, () => false), 'the columns of the large file are found');
  v.ok(broken === 1 && pieces > 3, `it came in ${pieces} pieces, one of them twice`);
  v.ok((await (await whole)?.json())?.file.bytes === Buffer.byteLength(sheet), 'and is as long as it was');
  await page.unroute('**/api/v1/upload/*');
  const told = v.errors.findIndex((e) => e.includes('ERR_CONNECTION_RESET')); // the browser tells of the line that we broke
  if (told >= 0) v.errors.splice(told, 1);
}
