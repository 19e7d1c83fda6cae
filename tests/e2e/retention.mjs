// A rule of what is kept how long: made, rehearsed, turned on and off, removed.
import { say, sender } from './lib.mjs';

export const name = 'retention';
const rule = 'Alte Anfragen';

export async function run(v) {
  const { page } = v;
  const send = await sender(v);
  await send('POST', '/person', { name: 'Otto Anfrage', job_title: 'Anfrage' });
  await page.goto(`${v.url}/settings/privacy`);
  const button = (where, key, values) => where.getByRole('button', { name: say(v, key, values), exact: true });
  await v.seen(page.getByText(say(v, 'retain.none'), { exact: true }), 'there are no rules yet');
  await button(page, 'retain.new').click();
  const box = page.getByRole('dialog');
  await box.getByLabel(say(v, 'retain.name'), { exact: true }).fill(rule);
  await button(box, 'retain.make').click();
  await v.seen(box.getByRole('alert'), 'a rule needs its reason');
  await box.getByLabel(say(v, 'retain.reason'), { exact: true }).fill('Art. 5 (1) e');
  await box.getByLabel(say(v, 'retain.since'), { exact: true }).selectOption('created');
  await box.getByLabel(say(v, 'retain.n'), { exact: true }).fill('2');
  await box.getByLabel(say(v, 'retain.act'), { exact: true }).selectOption('empty');
  await box.getByLabel(say(v, 'retain.entity'), { exact: true }).selectOption('person');
  await box.locator('.many input').first().check();
  const some = box.getByLabel(say(v, 'retain.filter'), { exact: true });
  await some.check();
  await button(box, 'filter.add').click();
  await button(box, 'retain.make').click();
  await v.seen(box.getByText(say(v, 'filter.unfinished'), { exact: true }), 'a condition with an unfinished part is refused');
  v.ok((await send('GET', '/retention')).data.length === 0, 'and no rule is made of it');
  await some.uncheck();
  await v.axe('a rule of retention');
  await v.shot('retention-form');
  v.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), 'nothing is cut off');
  await button(box, 'retain.make').click();
  const on = button(box, 'retain.on');
  await v.seen(on, 'it is rehearsed at once');
  await v.seen(box.getByRole('status'), 'and tells how many it would take');
  await v.axe('a rehearsal');
  await v.shot('retention-rehearsal');
  await on.press('Enter');
  await box.waitFor({ state: 'detached' });
  const row = page.locator('li', { hasText: rule });
  await v.seen(row.getByText(say(v, 'retain.isOn'), { exact: true }), 'it is on');
  await v.seen(row.getByText(say(v, 'retain.for.years', { n: 2 })), 'for how long, with the right plural');
  v.ok(!(await row.innerText()).includes('{'), 'who made it and turned it on is told');
  await v.seen(page.locator('.toast').getByText(say(v, 'retain.isOnNow', { name: rule })), 'and that is told');
  await button(row, 'retain.runsOf', { name: rule }).click();
  await v.seen(row.getByText(say(v, 'retain.noRuns'), { exact: true }), 'it has not run yet');
  await v.axe('rules of retention');
  await v.shot('retention');
  await button(row, 'retain.offOf', { name: rule }).click();
  await v.seen(row.getByText(say(v, 'retain.isOff'), { exact: true }), 'and off again');
  await button(row, 'retain.dropOf', { name: rule }).click();
  await v.seen(page.getByText(say(v, 'retain.none'), { exact: true }), 'it is removed');
  v.ok((await send('GET', '/retention')).data.length === 0, 'on the server, too');
}
