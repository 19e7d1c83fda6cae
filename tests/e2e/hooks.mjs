// Webhooks: one is made, its secret shown once; a test and a new person arrive at the receiver, signed; the log tells it.
import { createHmac } from 'node:crypto';
import { createServer } from 'node:http';
import { say } from './lib.mjs';

export const name = 'webhooks';

/** What a receiver heard; /down answers 503. */
async function receiver(port) {
  const got = [];
  const s = createServer((req, res) => {
    let body = '';
    req.on('data', (d) => (body += d));
    req.on('end', () => {
      got.push({ path: req.url, head: req.headers, body });
      res.writeHead(req.url === '/down' ? 503 : 200).end('thanks');
    });
  });
  await new Promise((done) => s.listen(port, '127.0.0.1', done));
  return { got, url: `http://127.0.0.1:${port}`, stop: () => s.close() };
}

export async function run(v, server) {
  if (!server.hooks) return; // a server of somebody else's that may not call us
  const { page } = v;
  const r = await receiver(server.hooks);
  await page.goto(`${v.url}/settings/hooks`);
  await page.getByRole('heading', { level: 1, name: say(v, 'hooks.title') }).waitFor();
  await v.seen(page.getByText(say(v, 'hooks.none')), 'there are none yet');
  await page.getByRole('button', { name: say(v, 'hooks.new'), exact: true }).click();
  const box = page.getByRole('dialog');
  await box.getByLabel(say(v, 'hooks.name'), { exact: true }).fill('Buchhaltung');
  await box.getByLabel(say(v, 'hooks.url'), { exact: true }).fill('http://169.254.169.254/latest');
  await box.getByRole('button', { name: say(v, 'hooks.make'), exact: true }).click();
  await v.seen(box.getByRole('alert'), 'an address inside is refused at its field');
  await box.getByLabel(say(v, 'hooks.url'), { exact: true }).fill(`${r.url}/in`);
  await box.getByLabel(say(v, 'hooks.entity'), { exact: true }).selectOption('person');
  await box.getByLabel(say(v, 'hooks.filter'), { exact: true }).check();
  await v.axe('a new webhook');
  await v.shot('hook-new');
  await box.getByLabel(say(v, 'hooks.filter'), { exact: true }).uncheck();
  await box.getByRole('button', { name: say(v, 'hooks.make'), exact: true }).click();
  const secret = await box.getByLabel(say(v, 'hooks.secret'), { exact: true }).inputValue();
  v.ok(/^whsec_[A-Za-z0-9+/]{43}=$/.test(secret), 'the secret is shown');
  await v.axe('the secret');
  await v.shot('hook-made');
  await box.getByRole('button', { name: say(v, 'apikey.kept'), exact: true }).click();
  await page.getByRole('button', { name: say(v, 'hooks.testOf', { name: 'Buchhaltung' }), exact: true }).click();
  await v.seen(box.getByText('hook.test'), 'the test stands in the log');
  await v.seen(box.getByText(say(v, 'hooks.state.delivered')), 'and is told as delivered');
  const made = await page.evaluate(async () => {
    const { csrf } = await (await fetch('/api/v1/session')).json();
    const all = { method: 'POST', headers: { 'content-type': 'application/json', 'x-csrf-token': csrf } };
    return (await (await fetch('/api/v1/person', { ...all, body: JSON.stringify({ name: 'Hanna Haken' }) })).json()).id;
  });
  for (let i = 0; i < 100 && !r.got.some((x) => x.body.includes(made)); i++) await page.waitForTimeout(100);
  const told = r.got.find((x) => x.body.includes(made));
  v.ok(told && JSON.parse(told.body).type === 'person.created' && JSON.parse(told.body).data.title === 'Hanna Haken', 'a new person is told');
  const sum = told && createHmac('sha256', Buffer.from(secret.slice(6), 'base64')).update(`${told.head['webhook-id']}.${told.head['webhook-timestamp']}.${told.body}`).digest('base64');
  v.ok(told && told.head['webhook-signature'] === `v1,${sum}`, 'and signed');
  await box.getByRole('button', { name: say(v, 'close'), exact: true }).click();
  await page.getByRole('button', { name: say(v, 'hooks.logOf', { name: 'Buchhaltung' }), exact: true }).click();
  await v.seen(box.getByText('person.created'), 'the log names it');
  await v.axe('the log of deliveries');
  await v.shot('hook-log');
  const before = r.got.length;
  await box.getByRole('button', { name: new RegExp(`^${say(v, 'hooks.againOf', { type: 'person.created', time: '' }).trim()}`) }).first().click();
  for (let i = 0; i < 100 && r.got.length === before; i++) await page.waitForTimeout(100);
  v.ok(r.got.length > before && r.got.at(-1).head['webhook-id'] === told?.head['webhook-id'], 'once more, under the same id');
  await box.getByRole('button', { name: say(v, 'close'), exact: true }).click();
  await page.getByRole('button', { name: say(v, 'hooks.editOf', { name: 'Buchhaltung' }), exact: true }).click();
  await box.getByLabel(say(v, 'hooks.active'), { exact: true }).uncheck();
  await box.getByRole('button', { name: say(v, 'save'), exact: true }).click();
  await v.seen(page.getByText(say(v, 'hooks.is.off'), { exact: true }), 'switched off');
  v.ok(!(await page.content()).includes(secret), 'its secret is nowhere any more');
  await v.axe('the list of webhooks');
  await v.shot('hooks');
  v.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), 'nothing is cut off');
  await page.getByRole('button', { name: say(v, 'hooks.endOf', { name: 'Buchhaltung' }), exact: true }).click();
  await box.getByRole('button', { name: say(v, 'hooks.end'), exact: true }).click();
  await v.seen(page.getByText(say(v, 'hooks.none')), 'an ended one is gone');
  r.stop();
}
