// The columns of a list: chosen and put in order by keyboard, kept on the server, and exported as seen.
import { say, sender } from './lib.mjs';

export const name = 'columns';

export async function run(v) {
  const { page } = v;
  const send = await sender(v);
  await send('POST', '/person', { name: 'Siegfried Spalte', birthday: '1981-02-03' });
  const person = (await send('GET', '/meta')).entities.find((e) => e.name === 'person');
  const text = (n) => person.fields.find((f) => f.name === n).label[v.lang];
  const row = page.getByRole('row', { name: /Siegfried Spalte/ });
  const dialog = page.getByRole('dialog');
  const button = page.getByRole('button', { name: say(v, 'columns.title'), exact: true });
  const shown = dialog.getByRole('list', { name: say(v, 'columns.shown') }).getByRole('checkbox');
  await page.goto(`${v.url}/person?q=Spalte`);
  await row.waitFor();
  v.ok(!(await row.innerText()).includes('1981'), 'the birthday is no column at first');
  v.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), 'nothing is cut off above the list');
  await button.focus();
  await page.keyboard.press('Enter');
  await dialog.getByRole('searchbox').fill(text('birthday'));
  const box = dialog.getByRole('checkbox', { name: text('birthday'), exact: true });
  await box.focus();
  await page.keyboard.press('Space');
  await v.seen(shown.and(box), 'a ticked field moves to those that are shown');
  v.ok(await box.evaluate((e) => e === document.activeElement), 'and the focus goes with it');
  await dialog.getByRole('searchbox').fill('');
  const n = await shown.count();
  for (let i = 0; i < n; i++) await page.keyboard.press('Tab');
  await box.focus();
  for (let i = 1; i < n; i++) {
    await page.keyboard.press('Alt+ArrowUp');
    await dialog.getByRole('status').getByText(say(v, 'columns.at', { name: text('birthday'), n: n - i, of: n })).waitFor();
  }
  v.ok(await shown.first().and(box).count(), 'Alt and an arrow bring it to the front');
  await v.axe('the choice of columns');
  await v.shot('columns');
  await dialog.getByRole('button', { name: say(v, 'save'), exact: true }).click();
  await dialog.waitFor({ state: 'detached' });
  await v.seen(row.getByText(/1981/), 'the list shows it');
  if (!v.phone) v.ok((await page.getByRole('columnheader').nth(2).innerText()).trim() === text('birthday'), 'in the place it was given');
  await page.reload();
  await v.seen(row.getByText(/1981/), 'a new page knows it from the server');
  if (!v.phone) await sorted(v, send, text);
  await exported(v, text);
  await v.shot('columns-list');
  await button.click();
  await dialog.getByRole('button', { name: say(v, 'columns.reset'), exact: true }).click();
  await dialog.getByRole('button', { name: say(v, 'save'), exact: true }).click();
  await dialog.waitFor({ state: 'detached' });
  await row.waitFor();
  v.ok(!(await row.innerText()).includes('1981'), 'the first state comes back');
  v.ok(!('columns.person' in (await send('GET', '/setting')).data), 'and the server forgets the choice');
  await linked(v, send, person, { row, dialog, button });
}

// By the name and then by the birthday, with the mouse and by keyboard.
async function sorted(v, send, text) {
  const { page } = v;
  const made = [];
  for (const birthday of ['1990-01-01', '1985-01-01']) made.push(await send('POST', '/person', { name: 'Alma Spalte', birthday }));
  const head = (n) => page.getByRole('columnheader').filter({ hasText: text(n) }).first();
  const years = async (first) => {
    await page.getByRole('row').nth(1).getByText(first).waitFor();
    return (await page.locator('[data-i]').allInnerTexts()).map((s) => /19\d\d/.exec(s)?.[0]).join();
  };
  await head('name').getByRole('button').click();
  await head('birthday').getByRole('button').click({ modifiers: ['Shift'] });
  v.ok((await years(/1985/)) === '1985,1990,1981', 'a list is sorted by a second column, too');
  v.ok((await head('name').getAttribute('aria-sort')) === 'ascending' && (await head('birthday').innerText()).includes('2'), 'and tells by which and in what order');
  await head('birthday').getByRole('button').focus();
  await page.keyboard.press('Shift+Enter');
  v.ok((await years(/1990/)) === '1990,1985,1981', 'the other way by keyboard');
  v.ok(new URL(page.url()).searchParams.get('sort') === 'name,-birthday', 'and the address holds it');
  await v.axe('a list sorted by two columns');
  await v.shot('columns-sorted');
  await head('birthday').getByRole('button').click({ modifiers: ['Shift'] });
  await v.seen(page.locator('[role=columnheader][aria-sort=none]', { hasText: text('birthday') }), 'a third time takes it out');
  for (const { id } of made) await send('DELETE', `/person/${id}`);
  await page.goto(`${v.url}/person?q=Spalte`);
  await page.getByRole('row', { name: /Siegfried Spalte/ }).waitFor();
}

// A column that stands in the linked company: chosen by keyboard, shown, followed, exported.
async function linked(v, send, person, { row, dialog, button }) {
  const { page } = v;
  const meta = await send('GET', '/meta');
  const of = (e, n) => e.fields.find((f) => f.name === n).label[v.lang];
  const firm = of(person, 'company');
  const title = `${firm}: ${of(meta.entities.find((e) => e.name === 'company'), 'full_name')}`;
  const company = await send('POST', '/company', { name: 'Spalten AG', full_name: 'Spaltenwerke Aktiengesellschaft' });
  const { data } = await send('GET', '/person?q=Spalte&fields=name');
  await send('PATCH', `/person/${data[0].id}`, { company: company.id, version: data[0].version });
  await button.click();
  const summary = dialog.locator('summary', { hasText: say(v, 'columns.linked', { name: firm }) });
  await summary.focus();
  await page.keyboard.press('Enter');
  const box = dialog.getByRole('checkbox', { name: title, exact: true });
  await box.focus();
  await page.keyboard.press('Space');
  await v.seen(dialog.getByRole('list', { name: say(v, 'columns.shown') }).getByRole('checkbox').and(box), 'a field of the linked company can be a column');
  await v.axe('the choice of linked columns');
  await v.shot('columns-linked');
  await dialog.getByRole('button', { name: say(v, 'save'), exact: true }).click();
  await dialog.waitFor({ state: 'detached' });
  await v.seen(row.getByText(/Spaltenwerke/), 'the list shows it');
  await send('PATCH', `/company/${company.id}`, { full_name: 'Reihenwerke Aktiengesellschaft', version: company.version });
  await v.seen(row.getByText(/Reihenwerke/), 'and follows when the company changes');
  await v.axe('a list with linked columns');
  await page.getByRole('button', { name: say(v, 'export'), exact: true }).click();
  const item = page.getByRole('menuitem', { name: say(v, 'export.csvSeen'), exact: true });
  await item.waitFor();
  const csv = await (await page.request.get(v.url + (await item.getAttribute('href')))).text();
  v.ok(csv.includes(title) && csv.includes('Reihenwerke'), 'the export has it');
  await page.keyboard.press('Escape');
  await send('PUT', '/setting/columns.person', { value: null });
}

async function exported(v, text) {
  const { page } = v;
  await page.getByRole('button', { name: say(v, 'export'), exact: true }).click();
  const item = page.getByRole('menuitem', { name: say(v, 'export.csvSeen'), exact: true });
  await item.waitFor();
  const csv = await (await page.request.get(v.url + (await item.getAttribute('href')))).text();
  const head = csv.replace('\ufeff', '').split(/\r?\n/)[0].split(';');
  v.ok(head[1]?.replaceAll('"', '') === text('birthday'), `the export has the columns of the list (${head.join(', ')})`);
  await page.keyboard.press('Escape');
}
