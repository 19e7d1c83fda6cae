// kunden.xlsx: columns found, dry run, import, an edit by hand, undo with the question, redo.
import { fixture, say } from './lib.mjs';

export const name = 'import';

export async function run(v) {
  const { page } = v;
  const by = (key, values) => page.getByRole('button', { name: say(v, key, values), exact: true });
  await page.goto(`${v.url}/import`);
  await page.getByRole('heading', { level: 1 }).waitFor();
  await v.axe('the import');
  await v.shot('import-file');
  await page.locator('input[type=file]').setInputFiles(fixture('kunden.xlsx'));
  await v.seen(page.getByRole('rowheader', { name: 'Kunde', exact: true }), 'the columns are found');
  v.ok((await page.getByLabel(say(v, 'import.header')).inputValue()) === '3', 'the heading is in row 3');
  v.ok((await page.getByLabel('Umsatz 2025', { exact: true }).inputValue()) === 'new', 'the turnover is offered as a new field');
  await v.axe('the columns');
  await v.shot('import-columns');
  await by('import.check').click();
  await v.seen(page.getByText(say(v, 'import.nothingYet')), 'the dry run ends with a report');
  const cells = page.locator('.pic li', { hasText: say(v, 'import.cells') }).locator('b');
  v.ok((await cells.innerText()) === '4', 'four problem cells');
  const companies = page.locator('.pic li', { hasText: say(v, 'import.companies') }).locator('b');
  v.ok((await companies.innerText()) === '4', 'four companies');
  await v.axe('the report');
  await v.shot('import-report');
  await page.locator('.foot .btn.pri').click();
  await v.seen(by('import.undo'), 'the import ends');
  await v.seen(page.getByRole('link', { name: say(v, 'import.refusedFile') }), 'the refused rows can be had');
  await v.axe('the result');
  await v.shot('import-done');
  await editThenUndo(v, by);
}

async function editThenUndo(v, by) {
  const { page } = v;
  await page.goto(`${v.url}/person?q=${encodeURIComponent('Jörg Müller')}`);
  await page.getByRole('row', { name: /Jörg Müller/ }).first().click();
  const row = page.locator('section.panel [data-field=addresses]');
  await row.getByRole('button').last().click();
  await row.locator('input').first().fill('Köln-Deutz');
  await page.keyboard.press('Enter');
  await v.seen(page.getByText(say(v, 'record.saved'), { exact: true }), 'the city is changed by hand');
  await page.goto(`${v.url}/batches`);
  const batch = page.locator('li', { hasText: 'kunden.xlsx' }).first();
  await v.axe('the log');
  await v.shot('batches');
  await batch.getByRole('button').first().click();
  const dialog = page.getByRole('dialog');
  await v.seen(dialog.getByText('Jörg Müller'), 'the edited record is asked about');
  await v.axe('the question');
  await v.shot('undo-question');
  await dialog.getByRole('button', { name: say(v, 'undo.all') }).click();
  await v.seen(page.getByText(say(v, 'batch.undone'), { exact: true }), 'the import is undone');
  await page.goto(`${v.url}/person?q=${encodeURIComponent('Žukauskaitė')}`);
  await v.seen(page.getByRole('heading', { name: say(v, 'list.none') }), 'its people are gone');
  await page.goto(`${v.url}/batches`);
  await page.getByRole('button', { name: /kunden\.xlsx/ }).last().click();
  await page.goto(`${v.url}/person?q=zukauskaite`);
  await v.seen(page.getByRole('row', { name: /Žukauskaitė/ }), 'redo brings them back');
}
