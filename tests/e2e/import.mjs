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
  await nobody(v, by);
  await page.locator('input[type=file]').setInputFiles(fixture('kunden.xlsx'));
  await v.seen(page.getByRole('rowheader', { name: 'Kunde', exact: true }), 'the columns are found');
  v.ok((await page.getByLabel(say(v, 'import.header')).inputValue()) === '3', 'the heading is in row 3');
  v.ok((await page.getByLabel('Umsatz 2025', { exact: true }).inputValue()) === 'new', 'the turnover is offered as a new field');
  await page.getByLabel(say(v, 'import.saveAs'), { exact: true }).fill('Kundenliste');
  await by('import.save').click();
  const saved = page.getByRole('combobox', { name: say(v, 'import.saved') });
  await v.seen(saved, 'the mapping is kept');
  await saved.selectOption({ label: 'Kundenliste' });
  await v.seen(page.getByLabel('Umsatz 2025', { exact: true }), 'and used again');
  v.ok((await page.getByLabel('Umsatz 2025', { exact: true }).inputValue()) === 'new', 'it says the same as before');
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
  await checkedAgain(v, by);
  await page.locator('.foot .btn.pri').click();
  await v.seen(by('import.undo'), 'the import ends');
  await runningAgain(v, by);
  await v.seen(page.getByRole('link', { name: say(v, 'import.refusedFile') }), 'the refused rows can be had');
  await v.axe('the result');
  await v.shot('import-done');
  await gates(v);
  await editThenUndo(v, by);
}

// A price list is told to be none of people, until a column is said to be a name.
async function nobody(v, by) {
  const { page } = v;
  await page.locator('input[type=file]').setInputFiles(fixture('crm/products.csv'));
  const note = page.getByText(say(v, 'import.nobody'));
  await v.seen(note, 'a price list is told to hold nobody');
  v.ok(await by('import.check').isDisabled(), 'nothing of it would come in');
  await v.axe('the columns of a price list');
  await v.shot('import-nobody');
  await page.getByLabel('product', { exact: true }).selectOption('name');
  await note.waitFor({ state: 'detached' });
  v.ok(await by('import.check').isEnabled(), 'a column that is mapped by hand makes it one of people');
  await by('back').click();
}

// A reload in the middle loses nothing: the report is there again, and behind it the columns.
async function checkedAgain(v, by) {
  const { page } = v;
  await page.reload();
  await v.seen(page.getByText(say(v, 'import.nothingYet')), 'the report comes back after a reload');
  await by('back').click();
  await v.seen(page.getByText('kunden.xlsx', { exact: true }), 'with the file');
  v.ok((await page.getByLabel('Umsatz 2025', { exact: true }).inputValue()) === 'new', 'and its columns as they were');
  await by('import.check').click();
  await v.seen(page.getByText(say(v, 'import.nothingYet')), 'and can be asked for again');
}

// Whoever comes back while it runs sees how far it is, then its end; the real job is shown as if it were not done yet.
async function runningAgain(v, by) {
  const { page } = v;
  const { data } = await (await page.request.get(`${v.url}/api/v1/job`)).json();
  const row = data.find((j) => j.kind === 'import_run');
  const going = { state: 'running', done: 1200, total: 3232 };
  await page.route('**/api/v1/job', async (r) => r.fulfill({ json: { data: [{ ...row, ...going }], next: null } }));
  await page.route(`**/api/v1/job/${row.id}`, async (r) => r.fulfill({ json: { ...(await (await r.fetch()).json()), ...going, result: null } }));
  await page.reload();
  await v.seen(page.getByRole('progressbar', { name: say(v, 'import.running') }), 'a running import is picked up after a reload');
  await v.seen(page.locator('[role=progressbar][aria-valuenow="37"]'), 'and tells how far it is');
  await v.axe('an import picked up');
  await v.shot('import-again');
  await page.unrouteAll({ behavior: 'wait' });
  await v.seen(by('import.undo'), 'its end comes with undo');
  await page.reload();
  await v.seen(by('import.undo'), 'and is there after another reload');
}

// What must be true of the records themselves.
async function gates(v) {
  const { page } = v;
  const get = async (path) => (await page.request.get(`${v.url}/api/v1${path}`)).json();
  const one = async (q) => {
    const { data } = await get(`/person?q=${encodeURIComponent(q)}`);
    v.ok(data.length === 1, `"${q}" finds one record (${data.length})`);
    return data.length ? get(`/person/${data[0].id}`) : { phones: [], mails: [], addresses: [] };
  };
  const numbers = (r) => r.phones.map((p) => p.e164).join(' ');
  const jörg = await one('Jörg Müller');
  v.ok(numbers(jörg) === '+4915123456789', `his number is stored once (${numbers(jörg)})`);
  v.ok(jörg.birthday === '1971-04-03', `his birthday is read (${jörg.birthday})`);
  v.ok(jörg.addresses.length === 1, `Köln and Koeln are one place (${jörg.addresses.length})`);
  const ayşe = await one('ayse yilmaz');
  v.ok(ayşe.phones.length === 2 && ayşe.mails.length === 2, `Ayşe has two phones and two mails (${ayşe.phones.length}, ${ayşe.mails.length})`);
  v.ok(ayşe.birthday === '1971-10-01', `a serial number is her birthday (${ayşe.birthday})`);
  const rūta = await one('zukauskaite');
  v.ok(numbers(rūta) === '+37061234567', `8 612 became Lithuanian (${numbers(rūta)})`);
  const алёна = await one('Щеголева');
  v.ok(numbers(алёна) === '+79123456789', `8 912 became Russian (${numbers(алёна)})`);
  v.ok((await get('/company?q=m%C3%BCller')).data.length === 1, 'Elektro Müller is one company');
  const { data } = await get('/who?number=015123456789');
  v.ok(data[0]?.title === 'Jörg Müller', 'a call from his number names him');
  const href = await page.getByRole('link', { name: say(v, 'import.refusedFile') }).getAttribute('href');
  const file = await (await page.request.get(v.url + href)).body();
  v.ok(file.subarray(0, 2).toString() === 'PK', 'the refused rows are a workbook');
}

async function editThenUndo(v, by) {
  const { page } = v;
  await page.goto(`${v.url}/person?q=${encodeURIComponent('Jörg Müller')}`);
  await page.getByRole('row', { name: /Jörg Müller/ }).first().click();
  const row = page.locator('section.panel [data-field=addresses]');
  await row.getByRole('button').last().click();
  await row.getByPlaceholder(say(v, 'address.city')).fill('Köln-Deutz');
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
  await page.goto(`${v.url}/import`);
  await v.seen(page.getByText(say(v, 'import.drop')), 'an import that was undone is not shown as done');
  await page.goto(`${v.url}/batches`);
  await page.getByRole('button', { name: /kunden\.xlsx/ }).last().click();
  await v.seen(page.getByText(say(v, 'batch.redoOf', { title: 'kunden.xlsx' }), { exact: true }), 'the undo is undone');
  const words = new RegExp(Object.values(v.t['undo.back']).map((s) => s.replace('{n}', '[\\d\\s.,]+')).join('|'));
  await v.seen(page.locator('.toast').getByText(words), 'and a toast says what came back');
  await page.goto(`${v.url}/person?q=zukauskaite`);
  await v.seen(page.getByRole('row', { name: /Žukauskaitė/ }), 'redo brings them back');
}
