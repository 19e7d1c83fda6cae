// Filters as people say them: a day against a time stamp, a town, a field of the linked company, "me"; and addresses by parts.
import { say, sender } from './lib.mjs';

export const name = 'filters';

export async function run(v) {
  const { page } = v;
  const send = await sender(v);
  const firm = await send('POST', '/company', { name: 'Filterbau AG', industry: 'Siebe', kinds: ['customer', 'supplier', 'dealer'], phones: ['+7 905 004-76-05'] });
  const fritz = await send('POST', '/person', { name: 'Fritz Filter', company: firm.id, tags: ['Messe'], addresses: [{ street: 'Hauptstr. 1', zip: '50667', city: 'Köln' }] });
  await send('POST', '/interaction', { subject: 'Siebe gezeigt', company: firm.id, at: '2026-03-05T10:00:00Z' });
  const meta = await send('GET', '/meta');
  const text = (e, n) => meta.entities.find((x) => x.name === e).fields.find((f) => f.name === n).label[v.lang];
  const row = page.getByRole('row', { name: /Fritz Filter/ });
  const none = page.getByRole('heading', { name: say(v, 'list.none') });
  const ask = async (field, op) => {
    await page.getByLabel(say(v, 'filter.field'), { exact: true }).selectOption({ label: field });
    await page.getByLabel(say(v, 'filter.op'), { exact: true }).selectOption({ label: op });
    return page.getByLabel(say(v, 'filter.value'), { exact: true });
  };
  await page.goto(`${v.url}/person?q=Fritz+Filter`);
  await row.waitFor();
  await page.getByRole('button', { name: new RegExp('^' + say(v, 'filter')) }).first().click();

  await (await ask(text('person', 'changed_at'), say(v, 'op.date.lt'))).fill('2020-01-01');
  await v.seen(none, 'nobody was changed before that day');
  await (await ask(text('person', 'changed_at'), say(v, 'op.date.ge'))).fill('2020-01-01');
  await v.seen(row, 'a time stamp is compared with a day');

  await (await ask(say(v, 'address.city'), say(v, 'op.eq'))).fill('Bonn');
  await v.seen(none, 'nobody is from another town');
  await (await ask(say(v, 'address.city'), say(v, 'op.eq'))).fill('koln');
  await v.seen(row, 'a town is found as it is typed');

  const over = `${text('person', 'company')}: ${text('company', 'industry')}`;
  await (await ask(over, say(v, 'op.contains'))).fill('Schaufel');
  await v.seen(none, 'a field of the linked company narrows the list');
  await page.getByLabel(say(v, 'filter.value'), { exact: true }).fill('siebe');
  await v.seen(row, 'and finds it');
  await page.reload();
  await v.seen(page.getByLabel(say(v, 'filter.value'), { exact: true }).or(row), 'it survives a reload');
  if (!(await page.getByLabel(say(v, 'filter.field'), { exact: true }).count())) await page.getByRole('button', { name: new RegExp('^' + say(v, 'filter')) }).first().click();

  const who = await ask(text('person', 'owner'), say(v, 'op.eq'));
  await who.fill(say(v, 'filter.me').toLowerCase());
  await page.getByRole('option', { name: say(v, 'filter.me'), exact: true }).click();
  v.ok(await page.waitForURL((u) => (u.searchParams.get('filter') ?? '').includes('"me"')).then(() => true, () => false), 'the address keeps "me" as a word');
  await v.seen(row, '"me" is whoever asks');
  await v.axe('the filter of a linked field');

  await (await ask(text('person', 'tags'), say(v, 'op.eq'))).fill('MESSE');
  await v.seen(row, 'a tag is found in any spelling');

  await page.goto(`${v.url}/company?q=Filterbau`);
  const whole = page.getByRole('row', { name: /Filterbau/ });
  await whole.waitFor();
  if (!v.phone) {
    const box = (l) => l.boundingBox();
    const [line, tags] = [await box(whole), await box(whole.locator('.tags').first())];
    v.ok(tags.y >= line.y && tags.y + tags.height <= line.y + line.height, 'several kinds of a company stay in their row');
    v.ok(await whole.getByText('004-76-05').evaluate((e) => e.scrollWidth <= e.clientWidth), 'a telephone number is not cut off');
  }
  await whole.click();
  const contact = page.locator('section.panel [data-field=last_contact]');
  await v.seen(contact, 'the last contact is shown');
  v.ok(!/T\d\d:/.test(await contact.innerText()), `as a date of the language (${await contact.innerText()})`);
  await address(v, send, fritz);
}

// The parts of an address are typed one by one, and what is not touched stays.
async function address(v, send, fritz) {
  const { page } = v;
  await page.goto(`${v.url}/person?id=${fritz.id}`);
  const field = page.locator('section.panel [data-field=addresses]');
  await field.getByRole('button').last().click();
  await field.getByPlaceholder(say(v, 'address.street')).fill('Ring 7');
  await v.shot('address');
  await v.axe('the parts of an address');
  await page.keyboard.press('Enter');
  await v.seen(page.getByText(say(v, 'record.saved'), { exact: true }), 'an address is changed by its parts');
  const { addresses } = await send('GET', `/person/${fritz.id}`);
  v.ok(addresses[0].city === 'Köln' && addresses[0].zip === '50667' && addresses[0].street === 'Ring 7', `its town stays (${JSON.stringify(addresses)})`);
  await send('PUT', '/setting/columns.person', { value: ['addresses.city', 'owner'] });
  await page.goto(`${v.url}/person?q=Fritz+Filter`);
  await v.seen(page.getByRole('row', { name: /Fritz Filter/ }).getByText(v.phone ? /Köln/ : 'Köln', { exact: !v.phone }), 'the town can be a column');
  v.ok(!(await page.getByRole('row', { name: /Fritz Filter/ }).innerText()).includes('Ring 7'), 'without the street');
  await send('PUT', '/setting/columns.person', { value: null });
}
