// What another system sends: a refused item is told with its reason, given other values, and what it held goes on.
import { say } from './lib.mjs';

export const name = 'sync';

export async function run(v) {
  const { page } = v;
  const system = `erp-${Date.now() % 1000000}`;
  const send = (items) =>
    page.evaluate(
      async ([to, body]) => {
        const { csrf } = await (await fetch('/api/v1/session')).json();
        return (await fetch(`/api/v1/sync/${to}`, { method: 'POST', headers: { 'content-type': 'application/json', 'x-csrf-token': csrf }, body: JSON.stringify(body) })).status;
      },
      [system, { items }],
    );
  const firm = (key, values) => ({ entity: 'company', key, values });
  await page.goto(`${v.url}/settings/sync`);
  await page.getByRole('heading', { level: 1, name: say(v, 'sync.title') }).waitFor();
  v.ok((await send([firm('4711', { name: 'Elektro Weber' }), firm('4711', { employees: 'viele' }), firm('4711', { note: 'Kennt uns' }), firm('4712', { name: 'Holz Kaiser' }), { ...firm('4713', {}), values: { name: 'Tochter', parent: { by: { key: '9' } } } }])) === 202, 'five items are taken');
  await page.goto(`${v.url}/settings/sync?system=${system}`);
  const list = page.getByRole('region', { name: say(v, 'sync.items', { name: system }), exact: true });
  await v.seen(list.getByText(say(v, 'sync.is.refused')), 'one is refused');
  await v.seen(list.getByText(say(v, 'sync.is.held')), 'one is held behind it');
  await v.seen(list.getByText(say(v, 'sync.is.retry')), 'one waits for its record');
  await v.axe('the items of a system');
  await v.shot('sync');
  v.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), 'nothing is cut off');
  const refused = list.getByRole('listitem').filter({ hasText: say(v, 'sync.is.refused') });
  await refused.getByRole('button', { name: new RegExp(say(v, 'sync.openOf', { what: '' }).trim()) }).click();
  const box = page.getByRole('dialog');
  const values = box.getByLabel(say(v, 'sync.values'), { exact: true });
  v.ok((await values.inputValue()).includes('viele'), 'its values are there');
  await values.fill('[');
  await box.getByRole('button', { name: say(v, 'sync.save'), exact: true }).click();
  await v.seen(box.getByText(say(v, 'sync.valuesBad')), 'what is no object is told');
  await v.axe('an item');
  await v.shot('sync-item');
  await values.fill('{"employees": 12}');
  await box.getByRole('button', { name: say(v, 'sync.save'), exact: true }).click();
  await box.waitFor({ state: 'hidden' });
  const got = await page.evaluate(async (to) => {
    for (let i = 0; i < 100; i++) {
      const c = await (await fetch(`/api/v1/company/by/${to}/4711`)).json();
      if (c.note) return c;
      await new Promise((r) => setTimeout(r, 100));
    }
    return null;
  }, system);
  v.ok(got?.employees === 12 && got.note === 'Kennt uns', 'both are written in their order');
  await list.getByText(say(v, 'sync.is.held')).waitFor({ state: 'hidden', timeout: 30000 });
  const waits = list.getByRole('listitem').filter({ hasText: say(v, 'sync.is.retry') });
  await waits.getByRole('button', { name: new RegExp(say(v, 'sync.openOf', { what: '' }).trim()) }).click();
  await box.getByRole('button', { name: say(v, 'sync.drop'), exact: true }).click();
  await v.seen(box.getByText(say(v, 'sync.dropText')), 'giving up is asked for');
  await box.getByRole('button', { name: say(v, 'sync.drop'), exact: true }).click();
  await v.seen(list.getByText(say(v, 'sync.allDone')), 'nothing is open any more');
  await page.getByLabel(say(v, 'sync.show'), { exact: true }).selectOption('all');
  await v.seen(list.getByText(say(v, 'sync.is.dropped')), 'the ledger keeps it');
  await v.shot('sync-all');
}
