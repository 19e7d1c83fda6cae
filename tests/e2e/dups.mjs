// Duplicates of the whole base: scan, reasons, "different" and back, merge side by side and its undo, a batch of sure pairs.
import { say } from './lib.mjs';

export const name = 'duplicates';

const by = (v, key, values) => v.page.getByRole('button', { name: say(v, key, values), exact: true });
const toast = (v, key) => v.page.locator('.toast').getByRole('button', { name: say(v, key), exact: true }).last();

export async function run(v) {
  const { page } = v;
  await page.goto(`${v.url}/person`);
  for (const p of [{ name: 'Dora Doppel', phones: ['+49 151 70000001'] }, { name: 'Doppel, Dora', phones: ['0049 151 70000001'], job_title: 'Einkauf' }])
    v.ok((await post(page, '/person', p)) === 201, 'a record is made');
  await page.getByRole('link', { name: say(v, 'dups.title'), exact: true }).click();
  await v.seen(by(v, 'dups.run'), 'the list leads to its duplicates');
  await v.axe('the start of a scan');
  await by(v, 'dups.run').focus();
  await page.keyboard.press('Enter');
  const row = page.getByRole('listitem').filter({ hasText: /Dora/ });
  await v.seen(row.getByText(say(v, 'dup.phone')), 'the pair is found, with its reason');
  await v.axe('the pairs');
  await v.shot('duplicates');
  v.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), 'nothing is cut off');
  await page.reload();
  await v.seen(row, 'a reload shows the same pairs');
  await different(v, row);
  await merging(v, row);
  await all(v);
}

async function different(v, row) {
  await row.getByRole('button').last().click();
  await row.waitFor({ state: 'detached' });
  await toast(v, 'undo').click();
  await v.seen(row, 'that they are different can be taken back');
  await by(v, 'dups.again').click();
  await by(v, 'dups.run').click();
  await v.seen(row, 'and the next scan reports them');
}

async function merging(v, row) {
  const { page } = v;
  await row.getByRole('button').first().click();
  const dialog = page.getByRole('dialog');
  await v.seen(dialog.getByRole('radio').first(), 'both are shown side by side');
  v.ok(!/0049/.test(await dialog.innerText()), 'the same number in another notation is no difference');
  await v.axe('the comparison');
  await dialog.getByRole('button', { name: say(v, 'merge.run'), exact: true }).click();
  await row.waitFor({ state: 'detached' });
  v.ok(true, 'what is merged leaves the list');
  await toast(v, 'undo').click();
  await v.seen(row, 'the undo of the merge brings the pair back');
}

async function all(v) {
  const { page } = v;
  const count = () => page.evaluate(async () => (await (await fetch('/api/v1/count/person')).json()).value);
  const before = await count();
  await page.keyboard.press('Control+k');
  await page.getByRole('combobox').fill(say(v, 'dups.title').slice(0, 5));
  const acts = page.getByRole('option', { name: new RegExp(`^${say(v, 'dups.title')}`) });
  await v.seen(acts, 'the palette knows the page');
  await page.keyboard.press('Escape');
  await by(v, 'dups.again').click();
  await page.getByRole('checkbox').check();
  await by(v, 'dups.run').click();
  await page.locator('.toast').getByText(say(v, 'dups.merged', { n: 1 })).waitFor({ timeout: 15_000 }).catch(() => undefined);
  const after = await count();
  v.ok(after < before, `sure pairs merge by themselves (${before}, ${after})`);
  await toast(v, 'undo').click();
  const back = await page.waitForFunction(async (n) => (await (await fetch('/api/v1/count/person')).json()).value === n, before).then(() => true, () => false);
  v.ok(back, 'one undo takes the batch back');
}

const post = (page, path, body) =>
  page.evaluate(
    async ([p, b]) => {
      const csrf = (await (await fetch('/api/v1/session')).json()).csrf;
      return (await fetch('/api/v1' + p, { method: 'POST', headers: { 'content-type': 'application/json', 'x-csrf-token': csrf }, body: JSON.stringify(b) })).status;
    },
    [path, body],
  );
