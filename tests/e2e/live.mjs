// Two windows of two sessions: what is done in one shows in the other by itself; a filter over a link keeps its name; the sheet of keys.
import { admin, say } from './lib.mjs';
import { logIn } from './setup.mjs';

export const name = 'two windows';

export async function run(v) {
  const { page } = v;
  const csrf = (await (await page.request.get(`${v.url}/api/v1/session`)).json()).csrf;
  const make = async (entity, data) => (await page.request.post(`${v.url}/api/v1/${entity}`, { data, headers: { 'x-csrf-token': csrf } })).json();
  const firm = await make('company', { name: 'Fenster Nord KG' });
  const person = await make('person', { name: 'Lina Live', company: firm.id });
  await twoWindows(v, person);
  await linkedFilter(v, firm);
  if (!v.phone) await keys(v);
}

async function twoWindows(v, person) {
  const { page } = v;
  const browser = v.context.browser();
  const other = await browser.newContext({ viewport: { width: 1000, height: 700 }, locale: v.locale });
  const second = await other.newPage();
  await second.goto(v.url);
  await second.getByLabel(say(v, 'user.mail'), { exact: true }).waitFor();
  await logIn({ ...v, page: second }, (key) => second.getByLabel(say(v, key), { exact: true }), admin.password);
  await second.getByRole('navigation').first().waitFor();
  await second.goto(`${v.url}/person?q=Lina`);
  await v.seen(second.getByRole('row', { name: /Lina Live/ }), 'the second window lists the record');
  await page.goto(`${v.url}/person?id=${person.id}`);
  const row = page.locator('section.panel [data-field=name]');
  await row.getByRole('button').focus();
  await page.keyboard.press('Enter');
  await row.locator('input').fill('Lina Lang');
  const from = Date.now();
  await page.keyboard.press('Enter');
  await v.seen(second.getByRole('row', { name: /Lina Lang/ }), 'an edit in one window arrives in the list of the other');
  v.ok(Date.now() - from < 5000, `within five seconds (${Date.now() - from} ms)`);
  await second.getByRole('row', { name: /Lina Lang/ }).click();
  await v.seen(second.locator('section.panel').getByRole('heading', { name: 'Lina Lang' }), 'the second window opens it');
  await page.locator('.toast').getByRole('button', { name: say(v, 'undo'), exact: true }).last().click();
  await v.seen(second.locator('section.panel').getByRole('heading', { name: 'Lina Live' }), 'the undo arrives in the open card');
  await other.close();
}

async function linkedFilter(v, firm) {
  const { page } = v;
  const filter = JSON.stringify({ and: [{ field: 'company', op: 'eq', value: firm.id }] });
  await page.goto(`${v.url}/person?filter=${encodeURIComponent(filter)}`);
  await v.seen(page.getByRole('row', { name: /Lina Live/ }), 'the filter over a link finds its record');
  const box = page.getByRole('combobox', { name: say(v, 'filter.value') });
  await box.waitFor();
  await page.waitForFunction((el) => el.value === 'Fenster Nord KG', await box.elementHandle()).catch(() => undefined);
  v.ok((await box.inputValue()) === 'Fenster Nord KG', 'and shows its name after a reload');
  await v.axe('a filter over a link');
}

async function keys(v) {
  const { page } = v;
  await page.locator('#main').focus();
  await page.keyboard.press('?');
  await v.seen(page.getByRole('dialog', { name: say(v, 'keys.title') }), '? opens the sheet of keys');
  await v.axe('the sheet of keys');
  await v.shot('keys');
  await page.keyboard.press('Escape');
  await page.getByRole('dialog').waitFor({ state: 'detached' });
}
