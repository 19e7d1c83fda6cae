// On a small screen: every place can be reached, what is edited can be read, acts on selected rows stay on the screen.
import { say, sender } from './lib.mjs';

export const name = 'a small screen';

export async function run(v) {
  const { page } = v;
  const send = await sender(v);
  const { id } = await send('POST', '/person', { name: 'Paul Schmalbrunn', phones: [{ type: 'mobile', value: '0151 22095035' }] });
  await send('POST', '/person', { name: 'Paula Schmalbrunn' });
  await once(v);
  if (!v.phone) return;
  await page.goto(`${v.url}/person?q=Schmalbrunn`);
  await page.getByRole('row', { name: /Paul Schmalbrunn/ }).waitFor();
  await places(v);
  for (const box of await page.getByRole('checkbox').all()) await box.check();
  const bar = page.getByRole('toolbar');
  await v.seen(bar, 'selected rows are counted');
  const inside = (els) => els.every((e) => e.getBoundingClientRect().left >= 0 && e.getBoundingClientRect().right <= innerWidth);
  v.ok(await bar.getByRole('button').evaluateAll(inside), 'nothing that can be done with them is cut off');
  await v.axe('selected rows');
  await v.shot('selected');
  await page.goto(`${v.url}/person?id=${id}`);
  const row = page.locator('section.panel [data-field=phones]');
  await row.getByRole('button').focus();
  await page.keyboard.press('Enter');
  const number = row.locator('input').first();
  v.ok(await number.evaluate((e) => e.scrollWidth <= e.clientWidth && e.clientWidth > 120), 'a number that is edited can be read');
  await v.shot('edit-phone');
  await page.keyboard.press('Escape');
}

// Tabs and the menu beside them lead wherever the sidebar of a large screen does.
async function places(v) {
  const { page } = v;
  const there = await page.locator('nav.side a.nav').evaluateAll((l) => l.map((a) => a.getAttribute('href')));
  await page.locator('nav.tabs').getByRole('button').click();
  const menu = await page.locator('nav.tabs a.tab, [role=menuitem][href]').evaluateAll((l) => l.map((a) => a.getAttribute('href')));
  const lost = there.filter((p) => !menu.includes(p));
  v.ok(there.length > 8 && lost.length === 0, `no place is missing on a small screen: ${lost.join(', ')}`);
  await v.shot('more');
  await page.keyboard.press('Escape');
}

// Who has a number is told once, and how one gets out of the search is plain.
async function once(v) {
  const { page } = v;
  await page.goto(`${v.url}/person`);
  await page.getByRole('row').first().waitFor();
  await page.keyboard.press('Control+k');
  await page.locator('dialog.pal input').fill('+49 151 22095035');
  const found = page.locator('dialog.pal').getByRole('option', { name: /Paul Schmalbrunn/ });
  await v.seen(found, 'the number is known');
  await page.locator('dialog.pal').getByRole('status').filter({ hasText: /\d/ }).waitFor({ state: 'attached' });
  v.ok((await found.count()) === 1, `whose it is stands there once (${await found.count()})`);
  v.ok(/\+49 151 22095035/.test(await found.first().innerText()), 'with the number as people read it');
  await page.locator('dialog.pal').getByRole('button', { name: say(v, 'close') }).click();
  await page.locator('dialog.pal').waitFor({ state: 'detached' });
  await page.keyboard.press('Control+k');
  await page.locator('dialog.pal input').fill('0231 2095035');
  await v.seen(found.filter({ hasText: say(v, 'palette.tail') }), 'that only the end of a number fits is told');
  await v.axe('an unknown number');
  await v.shot('unknown-number');
  await page.locator('dialog.pal').getByRole('option', { name: new RegExp(`${say(v, 'record.new.person')}.*0231 2095035`) }).click();
  const form = page.locator('form.panel');
  await v.seen(form, 'who calls and is unknown can be entered');
  v.ok((await form.locator('input[inputmode=tel]').first().inputValue()) === '0231 2095035', 'with his number');
  await form.locator('input').first().fill('Norbert Neuling');
  await page.route('**/api/v1/who*', (r) => r.fulfill({ status: 429, contentType: 'application/json', body: '{}' }));
  await page.keyboard.press('Control+k');
  await page.locator('dialog.pal input').fill('0231 2095036');
  await page.locator('dialog.pal').getByRole('status').filter({ hasText: /\d/ }).waitFor({ state: 'attached' });
  v.ok((await page.locator('dialog.pal').getByRole('option', { name: /2095036/ }).count()) === 0, 'nobody new is offered when there was no answer');
  await page.unroute('**/api/v1/who*');
  await page.locator('dialog.pal input').fill('0231 2095037');
  await page.locator('dialog.pal').getByRole('option', { name: new RegExp(`${say(v, 'record.new.person')}.*0231 2095037`) }).click();
  await v.seen(form, 'the form is still open');
  v.ok((await form.locator('input[inputmode=tel]').first().inputValue()) === '0231 2095037', 'the next unknown number takes the place of the one before');
  v.ok((await form.locator('input').first().inputValue()) === 'Norbert Neuling', 'what was typed stays');
  await form.getByRole('button', { name: say(v, 'save'), exact: true }).click();
  await v.seen(page.locator('section.panel a[href^="tel:"]'), 'and is saved with it');
  v.ok(!/phones=/.test(page.url()), 'the next new one begins empty');
}
