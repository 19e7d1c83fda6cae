// API keys: one is made with the password, shown once, works, and ends at once.
import { admin, proof, prove, say } from './lib.mjs';

export const name = 'API keys';

export async function run(v) {
  const { page } = v;
  await page.goto(`${v.url}/settings/keys`);
  await page.getByRole('heading', { level: 1, name: say(v, 'apikey.title') }).waitFor();
  await v.seen(page.getByText(say(v, 'apikey.none')), 'there are none yet');
  await page.getByRole('button', { name: say(v, 'apikey.new'), exact: true }).click();
  const box = page.getByRole('dialog');
  await box.getByLabel(say(v, 'apikey.name'), { exact: true }).fill('Buchhaltung');
  await box.locator('summary').click();
  const role = box.getByRole('combobox', { name: say(v, 'apikey.role'), exact: true });
  await role.selectOption({ index: 1 });
  const narrowed = await role.locator('option:checked').innerText();
  await v.axe('a new key');
  await v.shot('key-new');
  await box.getByRole('button', { name: say(v, 'apikey.make'), exact: true }).click();
  await prove(v, 'falsch-falsch');
  await v.seen(proof(v).getByRole('alert'), 'without the password there is no key');
  await prove(v, admin.password);
  const secret = await box.getByLabel(say(v, 'apikey.secret'), { exact: true }).inputValue();
  v.ok(/^kontor_\d+_[0-9a-f]{64}$/.test(secret), 'the key is shown');
  await v.axe('the key');
  await v.shot('key-made');
  await box.getByRole('button', { name: say(v, 'apikey.kept'), exact: true }).click();
  const ask = (method, path) => fetch(`${v.url}/api/v1${path}`, { method, headers: { authorization: `Bearer ${secret}`, 'content-type': 'application/json' }, body: method === 'GET' ? undefined : '{"name":"x"}' });
  v.ok((await ask('GET', '/person')).status === 200, 'it reads');
  v.ok((await ask('POST', '/person')).status === 403, 'and does not write');
  await page.reload();
  const end = page.getByRole('button', { name: say(v, 'apikey.endOf', { name: 'Buchhaltung' }), exact: true });
  await v.seen(end, 'the list names it');
  await v.seen(page.getByText(say(v, 'apikey.asRole', { role: narrowed })), 'and the role that narrows it');
  v.ok(!(await page.content()).includes(secret.slice(-64)), 'its secret is nowhere any more');
  v.ok((await page.getByText(say(v, 'apikey.unused')).count()) === 0, 'the list tells that it was used');
  await v.axe('the list of keys');
  await v.shot('keys');
  v.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), 'nothing is cut off');
  await page.getByRole('link', { name: say(v, 'api.title'), exact: true }).click();
  await page.getByRole('heading', { level: 1, name: say(v, 'api.title') }).waitFor();
  const row = page.locator('summary').filter({ hasText: '/api/v1/meta' }).filter({ hasText: 'GET' }).first();
  await row.click();
  await page.getByRole('button', { name: say(v, 'api.try'), exact: true }).click();
  await v.seen(page.getByRole('region', { name: say(v, 'api.reply') }).getByText('"entities"'), 'a route can be tried');
  await page.locator('summary').filter({ hasText: say(v, 'api.refusals') }).click();
  const refusals = page.locator('dl').filter({ hasText: '429' });
  await v.seen(refusals.getByText('rate', { exact: true }), 'it tells what a route can be refused with');
  v.ok((await refusals.getByText('proof', { exact: true }).count()) === 0, 'and nothing else');
  await v.axe('the API document');
  await v.shot('api');
  v.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), 'nothing is cut off in it');
  await page.goBack();
  await end.click();
  await page.getByRole('dialog').getByRole('button', { name: say(v, 'apikey.end'), exact: true }).click();
  await v.seen(page.getByText(say(v, 'apikey.none')), 'an ended key is gone');
  v.ok((await ask('GET', '/person')).status === 401, 'and shut out at once');
}
