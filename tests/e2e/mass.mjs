// Several rows at once: one field gets one value, all that a list finds are meant, what is wrong stands under the field, one undo takes all back.
import { say } from './lib.mjs';

export const name = 'many at once';

const toastUndo = (v) => v.page.locator('.toast').getByRole('button', { name: say(v, 'undo'), exact: true }).last();
const named = { field: 'name', op: 'contains', value: 'Massenprobe' };

export async function run(v) {
  v.csrf = (await (await v.context.request.get(v.url + '/api/v1/session')).json()).csrf;
  const call = (method, path, data) => v.context.request.fetch(v.url + '/api/v1' + path, { method, data, headers: { 'x-csrf-token': v.csrf } });
  const items = Array.from({ length: 230 }, (_, i) => ({ op: 'create', values: { name: `Massenprobe ${i}` } }));
  for (const part of [items.slice(0, 200), items.slice(200)]) v.ok((await call('POST', '/person/bulk', { items: part })).status() === 200, 'people are there');
  const count = async (filter) => (await (await call('GET', `/count/person?filter=${encodeURIComponent(JSON.stringify(filter))}`)).json()).value;
  const titled = (value) => count({ and: [named, { field: 'job_title', op: 'eq', value }] });
  await v.page.goto(`${v.url}/person?sort=name&filter=${encodeURIComponent(JSON.stringify(named))}`);
  await two(v, titled);
  await all(v, titled);
  await trash(v, count);
  await call('POST', '/person/mass', { act: 'delete', filter: named });
}

/** The toast of the job before says the same: what counts is the count. */
async function becomes(v, ask, n, what) {
  for (let i = 0; i < 100 && (await ask()) !== n; i++) await v.page.waitForTimeout(200);
  v.ok((await ask()) === n, what);
}

async function select(v, n) {
  const boxes = v.page.locator('[role=row][data-id] input[type=checkbox]');
  await boxes.first().waitFor();
  for (let i = 0; i < n; i++) await boxes.nth(i).click();
}

const bar = (v) => v.page.getByRole('toolbar');
const press = (v, key, values) => bar(v).getByRole('button', { name: say(v, key, values), exact: true }).click();

async function two(v, titled) {
  const { page } = v;
  await select(v, 2);
  await v.shot('selected');
  await v.axe('the selection');
  await press(v, 'mass.change');
  const dialog = page.getByRole('dialog');
  await v.seen(dialog.getByText(say(v, 'mass.title', { n: 2 })), 'the dialog says for how many');
  v.ok(await dialog.getByRole('button', { name: say(v, 'mass.run', { n: 2 }), exact: true }).isDisabled(), 'nothing is to be done yet');
  await dialog.getByLabel(say(v, 'mass.field'), { exact: true }).selectOption('mails');
  await dialog.getByRole('textbox').first().fill('max@');
  await dialog.getByRole('button', { name: say(v, 'mass.run', { n: 2 }), exact: true }).click();
  await v.seen(dialog.getByRole('alert'), 'a wrong value is told in the dialog');
  await v.axe('the dialog with a mistake');
  await v.shot('mass');
  v.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), 'nothing is cut off');
  await dialog.getByLabel(say(v, 'mass.field'), { exact: true }).selectOption('job_title');
  await dialog.getByLabel(say(v, 'mass.value')).first().fill('Koch');
  await dialog.getByRole('button', { name: say(v, 'mass.run', { n: 2 }), exact: true }).click();
  await v.seen(page.getByText(say(v, 'mass.done', { n: 2 }), { exact: true }), 'it says what was done');
  v.ok((await titled('Koch')) === 2, 'two have the new value');
  await toastUndo(v).click();
  await v.seen(page.getByText(say(v, 'undo.done', { n: 2 }), { exact: true }), 'one undo takes both back');
  v.ok((await titled('Koch')) === 0, 'and nobody has it');
}

/** More than a few: a job with a bar. */
async function all(v, titled) {
  const { page } = v;
  await select(v, 1);
  await press(v, 'mass.all', { n: 230 });
  await press(v, 'mass.change');
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel(say(v, 'mass.field'), { exact: true }).selectOption('job_title');
  await dialog.getByLabel(say(v, 'mass.value')).first().fill('Direktor');
  await dialog.getByRole('button', { name: say(v, 'mass.run', { n: 230 }), exact: true }).click();
  await v.seen(page.getByText(say(v, 'mass.done', { n: 230 }), { exact: true }), 'all that the list finds are changed');
  await becomes(v, () => titled('Direktor'), 230, 'each of them');
  await page.reload();
  await select(v, 1);
  await press(v, 'mass.all', { n: 230 });
  await press(v, 'mass.change');
  await dialog.getByLabel(say(v, 'mass.field'), { exact: true }).selectOption('job_title');
  await dialog.getByLabel(say(v, 'mass.empty'), { exact: true }).check();
  await dialog.getByRole('button', { name: say(v, 'mass.run', { n: 230 }), exact: true }).click();
  await v.seen(page.getByText(say(v, 'mass.done', { n: 230 }), { exact: true }), 'and emptied');
  await becomes(v, () => titled('Direktor'), 0, 'nobody has it any more');
}

async function trash(v, count) {
  const { page } = v;
  await page.reload();
  await select(v, 3);
  await press(v, 'delete');
  await v.seen(page.getByText(say(v, 'list.deleted', { n: 3 }), { exact: true }), 'three are in the trash');
  await becomes(v, () => count(named), 227, 'not there any more');
  await toastUndo(v).click();
  await v.seen(page.getByText(say(v, 'undo.done', { n: 3 }), { exact: true }), 'one undo brings them back');
  await becomes(v, () => count(named), 230, 'they are there again');
}
