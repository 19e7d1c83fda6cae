// A new person with a duplicate warning, the list, search, filter, editing in place, history, undo, delete.
import { say } from './lib.mjs';

export const name = 'list and card';

export async function run(v) {
  const { page } = v;
  const by = (key, values) => page.getByRole('button', { name: say(v, key, values), exact: true });
  await page.goto(`${v.url}/person?id=new`);
  const form = page.locator('form.panel');
  await form.locator('input').first().fill('Petra Testfrau');
  await form.locator('input[inputmode=tel]').first().fill('0151 / 987 65 43');
  await v.axe('the new record');
  await v.shot('new');
  await form.getByRole('button', { name: say(v, 'save'), exact: true }).click();
  const panel = page.locator('section.panel');
  await v.seen(panel.getByRole('heading', { name: 'Petra Testfrau' }), 'the new record opens');
  await v.seen(panel.locator('a[href^="tel:"]'), 'the phone can be called');
  await edit(v, panel);
  await fold(v, panel);
  await history(v, panel);
  await duplicate(v);
  await search(v);
  await keys(v);
  await trash(v, by);
}

async function edit(v, panel) {
  const { page } = v;
  const row = panel.locator('[data-field=name]');
  await row.getByRole('button').focus();
  await page.keyboard.press('Enter');
  await row.locator('input').fill('Petra Neumann');
  await v.axe('a field being edited');
  await page.keyboard.press('Enter');
  await v.seen(panel.getByRole('heading', { name: 'Petra Neumann' }), 'the name is saved in place');
  await v.seen(page.getByText(say(v, 'record.saved'), { exact: true }), 'a toast tells it');
  await v.shot('card');
  await v.axe('the card');
  await page.locator('.toast').getByRole('button', { name: say(v, 'undo'), exact: true }).last().click();
  await v.seen(panel.getByRole('heading', { name: 'Petra Testfrau' }), 'undo brings the old name back');
  await row.getByRole('button').focus();
  await page.keyboard.press('Enter');
  await row.locator('input').fill('');
  await page.keyboard.press('Enter');
  await v.seen(row.getByRole('alert'), 'an empty required field is refused');
  await page.keyboard.press('Escape');
}

async function fold(v, panel) {
  const birthday = panel.locator('[data-field=birthday]');
  const button = panel.locator('.body button[aria-expanded]');
  v.ok((await birthday.count()) === 0, 'an empty field is folded away');
  await button.click();
  await v.seen(birthday, 'it is shown when asked for');
  await v.axe('a card with its empty fields');
  await button.click();
  await birthday.waitFor({ state: 'detached' });
  await v.seen(panel.locator('[data-field=mails]'), 'what one looks for first stays');
}

async function history(v, panel) {
  await panel.getByRole('tab', { name: say(v, 'panel.history') }).click();
  await v.seen(panel.locator('del', { hasText: 'Petra Neumann' }), 'the history shows old and new');
  await v.axe('the history');
  await v.shot('history');
  await panel.getByRole('listitem').filter({ hasText: say(v, 'history.create') }).locator('.when').last().click();
  await v.seen(panel.getByRole('button', { name: say(v, 'history.today') }), 'the record as of a moment');
  await v.seen(panel.locator('dd', { hasText: 'Petra Testfrau' }), 'shows what it was then');
  await v.axe('the record as of a moment');
  await v.shot('as-of');
  await panel.getByRole('button', { name: say(v, 'history.today') }).click();
}

async function duplicate(v) {
  const { page } = v;
  await page.goto(`${v.url}/person?id=new`);
  const form = page.locator('form.panel');
  await form.locator('input').first().fill('P. Testfrau');
  await form.locator('input[inputmode=tel]').first().fill('+49 151 9876543');
  await v.seen(form.getByRole('status').getByRole('button', { name: 'Petra Testfrau' }), 'the duplicate is shown before saving');
  await v.shot('duplicate');
  await page.keyboard.press('Escape');
  await form.waitFor({ state: 'detached' });
}

async function search(v) {
  const { page } = v;
  await page.goto(`${v.url}/person`);
  await page.getByRole('searchbox').fill('testfrau');
  await v.seen(page.getByRole('row', { name: /Petra Testfrau/ }), 'the search finds the record');
  await page.waitForURL(/q=testfrau/);
  await page.getByRole('button', { name: new RegExp('^' + say(v, 'filter')) }).first().click();
  await page.getByLabel(say(v, 'filter.value')).first().fill('nobody at all');
  await v.seen(page.getByRole('heading', { name: say(v, 'list.none') }), 'a filter narrows the list');
  v.ok(/filter=/.test(page.url()), 'the filter is in the address');
  await v.axe('the filter');
  await v.shot('filter');
  await page.reload();
  await v.seen(page.getByRole('heading', { name: say(v, 'list.none') }), 'the filter survives a reload');
  await page.getByRole('button', { name: say(v, 'filter.clear') }).first().click();
  await v.seen(page.getByRole('row', { name: /Petra Testfrau/ }), 'clearing brings the list back');
}

async function keys(v) {
  const { page } = v;
  if (v.phone) return;
  await page.locator('[role=row][tabindex="0"]').focus();
  await page.keyboard.press('Enter');
  await v.seen(page.locator('section.panel'), 'Enter opens the row');
  await page.keyboard.press('Escape');
  await page.waitForFunction(() => document.activeElement?.matches('[data-i]'));
  v.ok(true, 'Esc returns to the row');
  await page.keyboard.press('Control+k');
  await page.locator('dialog.pal input').fill('testfr');
  await v.seen(page.getByRole('option', { name: /Petra Testfrau/ }), 'the palette finds the record');
  await v.axe('the palette');
  await page.locator('dialog.pal input').fill('0151 9876543');
  await v.seen(page.getByRole('group', { name: say(v, 'palette.who') }), 'the palette knows the number');
  await v.shot('palette');
  await page.keyboard.press('Escape');
  await page.locator('dialog.pal').waitFor({ state: 'detached' });
}

async function trash(v, by) {
  const { page } = v;
  await page.goto(`${v.url}/person?q=testfrau`);
  await page.getByRole('row', { name: /Petra Testfrau/ }).click();
  await by('panel.more').click();
  await page.getByRole('menuitem', { name: say(v, 'delete'), exact: true }).click();
  await page.getByRole('row', { name: /Petra Testfrau/ }).waitFor({ state: 'detached' });
  await page.locator('.toast').getByRole('button', { name: say(v, 'undo'), exact: true }).last().click();
  await v.seen(page.getByRole('row', { name: /Petra Testfrau/ }), 'undo brings the deleted record back');
}
