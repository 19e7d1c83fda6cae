// Who works when and where: counted by the server, seen by who manages users and by oneself, turned off, thrown away.
import { admin, say, sender } from './lib.mjs';

export const name = 'who works when';

export async function run(v) {
  const { page } = v;
  const send = await sender(v);
  const fits = () => page.evaluate(() => document.documentElement.scrollWidth <= innerWidth);
  const { id } = await send('POST', '/person', { name: 'Gerda Gezählt' });
  await page.goto(`${v.url}/person?id=${id}`);
  await page.getByText('Gerda Gezählt').first().waitFor();
  const counted = async () => (await send('GET', '/usage?all=1')).data[0]?.areas.find((a) => a.area === 'person');
  for (let i = 0; i < 40 && !(await counted())?.actions; i++) await page.waitForTimeout(1000); // written every quarter of a minute
  const person = await counted();
  v.ok(person?.actions >= 1 && person?.pages >= 1, 'lists and cards that were opened and what was done are counted');
  await page.goto(`${v.url}/settings/signins?tab=usage`);
  const one = page.locator('details', { hasText: admin.name });
  await v.seen(one, 'the administrator sees who worked in this week');
  await v.seen(page.getByRole('img', { name: new RegExp(admin.name) }), 'as a picture');
  await v.axe('who works when');
  await v.shot('usage');
  v.ok(await fits(), 'the weeks fit');
  await one.locator('summary').focus();
  await page.keyboard.press('Enter');
  await v.seen(one.getByRole('row').nth(1), 'and by day in words');
  await v.seen(one.getByRole('listitem').first(), 'and where');
  await v.axe('one week unfolded');
  await v.shot('usage-open');
  v.ok(await fits(), 'the unfolded week fits');
  await page.getByRole('button', { name: say(v, 'usage.before') }).click();
  await v.seen(page.getByText(say(v, 'usage.none')), 'the week before is empty');
  await page.getByRole('button', { name: say(v, 'usage.after') }).click();
  await one.waitFor();
  await page.getByLabel(say(v, 'usage.keep')).fill('0');
  await page.getByRole('button', { name: say(v, 'save'), exact: true }).click();
  await v.seen(page.locator('#u-days-e'), 'nought days are refused at their field');
  await page.getByLabel(say(v, 'usage.keep')).fill('90');
  await page.getByLabel(say(v, 'usage.on')).uncheck();
  await page.getByRole('button', { name: say(v, 'save'), exact: true }).click();
  await v.seen(page.getByText(say(v, 'usage.off')), 'it can be turned off');
  await page.getByRole('button', { name: say(v, 'usage.forget') }).focus(); // on a phone the toast lies over it for a while
  await page.keyboard.press('Enter');
  await v.seen(page.getByText(say(v, 'usage.forgetSure')), 'what cannot be taken back is told first');
  await page.getByRole('button', { name: say(v, 'usage.forget') }).focus(); // on a phone the toast lies over it for a while
  await page.keyboard.press('Enter');
  await v.seen(page.getByText(say(v, 'usage.none')), 'and all counts are gone');
  await page.goto(`${v.url}/settings/account`);
  await v.seen(page.getByRole('heading', { name: say(v, 'usage.own') }), 'everybody has his own page of it');
  await v.axe('my account with my weeks');
  await v.shot('usage-own');
  await send('PUT', '/usage/rules', { on: true, days: 400 });
}
