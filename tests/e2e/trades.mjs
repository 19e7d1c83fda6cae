// A firm that chooses the template of its trade at the set-up, and adds that of another later; what it brought goes again by one press.
import { admin, openView, say, startServer } from './lib.mjs';

export const name = 'trade templates';
const TRADE = { en: 'Trade', de: 'Handel', lt: 'Prekyba', ru: 'Торговля' };
const WORKSHOP = { en: 'Workshop', de: 'Werkstatt und Handwerk', lt: 'Dirbtuvės ir meistrai', ru: 'Мастерская и сервис' };
const GROUP = { en: 'Wholesale', de: 'Großhandel', lt: 'Didmena', ru: 'Опт' };
const DEVICES = { en: 'Devices', de: 'Geräte', lt: 'Įrenginiai', ru: 'Устройства' };
const PRICE = { en: 'Price group', de: 'Preisgruppe', lt: 'Kainų grupė', ru: 'Ценовая группа' };

export async function run(v) {
  if (process.env.KONTOR_URL) return;
  const server = await startServer();
  const w = await openView(v.context.browser(), server.url, v);
  w.ok = v.ok;
  try {
    await setUp(w, server);
    await added(w);
  } finally {
    v.ok(w.errors.length === 0, w.errors.join(' | '));
    await w.context.close();
    await server.stop();
  }
}

async function setUp(w, server) {
  const { page } = w;
  const by = (key) => page.getByLabel(say(w, key), { exact: true });
  await page.goto(`${server.url}/?token=${encodeURIComponent(server.token)}`);
  await by('setup.firm').fill('Test GmbH');
  await by('setup.country').selectOption('DE');
  await by('setup.trade').selectOption({ label: TRADE[w.lang] });
  await by('user.name').fill(admin.name);
  await by('user.mail').fill(admin.mail);
  await by('user.password').fill(admin.password);
  await w.axe('set-up with a template');
  await w.shot('setup-trade');
  await page.getByRole('button', { name: say(w, 'setup.do') }).click();
  await by('setup.firm').waitFor({ state: 'detached' });
  const meta = await (await w.context.request.get(`${server.url}/api/v1/meta`)).json();
  const price = meta.entities.find((e) => e.name === 'company').fields.find((f) => f.name === 'x_price_group');
  w.ok(price?.label[w.lang] === PRICE[w.lang], 'the fields of the trade are there, in each language');
  await page.goto(`${server.url}/group`);
  await w.seen(page.getByText(GROUP[w.lang], { exact: true }), 'its groups are there, in the language of the firm');
}

async function added(w) {
  const { page } = w;
  const open = () => page.getByRole('button', { name: say(w, 'trades.title'), exact: true }).click();
  const add = page.getByRole('button', { name: `${say(w, 'trades.add')}: ${WORKSHOP[w.lang]}`, exact: true });
  await page.goto(new URL('/settings/fields', page.url()).href);
  await open();
  await w.seen(page.getByText(say(w, 'trades.there')), 'the one that was chosen is marked');
  await w.axe('the templates');
  await w.shot('trades');
  await add.click();
  await w.seen(page.getByText(say(w, 'trades.made', { name: WORKSHOP[w.lang] })), 'a template is added');
  const kinds = page.getByLabel(say(w, 'fields.of'), { exact: true });
  const devices = kinds.locator('option', { hasText: DEVICES[w.lang] });
  await devices.waitFor({ state: 'attached' }); // its kind of records is there at once
  await page.getByRole('button', { name: say(w, 'undo'), exact: true }).first().click();
  await devices.waitFor({ state: 'detached' });
  await open();
  await w.seen(add, 'and can be added once more');
  await add.click();
  await devices.waitFor({ state: 'attached' }); // what lay in the trash is back
}
