// What a person's card knows: operators of numbers, several web addresses, age, local time, colours of groups.
import { say, sender } from './lib.mjs';

export const name = 'a person';

export async function run(v) {
  const { page } = v;
  const send = await sender(v);
  const { id: group } = await send('POST', '/group', { name: 'Stammkunden', colour: 155 });
  const { id } = await send('POST', '/person', { name: 'Iwan Wolgin', phones: [{ value: '+7 383 200 00 01' }], birthday: '1971-04-03', groups: [{ id: group }] });
  await page.goto(`${v.url}/person?id=${id}`);
  const panel = page.locator('section.panel');
  await v.seen(panel.locator('header .tag', { hasText: 'Stammkunden' }), 'the head shows the group by colour and name');
  const there = await panel.locator('header .there').innerText();
  v.ok(there.startsWith(say(v, 'time.guessed.phone').split('{')[0]), `the local time is told as guessed: ${there}`);
  await v.seen(panel.locator('[data-field=birthday] .age'), 'the birthday tells the age');
  await operator(v, panel);
  await sites(v, panel);
  await v.axe('a whole person');
  await v.shot('person');
  await send('PATCH', `/person/${id}`, { timezone: 'Asia/Tokyo' });
  await v.seen(panel.locator('header .there', { hasText: say(v, 'time.there').split('{')[0].trim() }), 'with a time zone it is no guess any more');
  await found(v);
  await colour(v, group);
  if (v.phone) await brief(v, send);
}

// A group's colour is chosen by eye, and those who are in it change theirs.
async function colour(v, group) {
  const { page } = v;
  await page.goto(`${v.url}/group?id=${group}`);
  const row = page.locator('section.panel [data-field=colour]');
  await row.getByRole('button').focus();
  await page.keyboard.press('Enter');
  await row.getByRole('slider').fill('25');
  await v.axe('a colour being chosen');
  await v.shot('colour');
  await row.getByRole('slider').press('Enter');
  await v.seen(page.getByText(say(v, 'record.saved'), { exact: true }), 'the colour is saved');
  v.ok(/25/.test((await row.locator('.tag').getAttribute('style')) ?? ''), 'and shown');
  await row.getByRole('button').focus();
  await page.keyboard.press('Enter');
  await row.getByRole('slider').waitFor();
  await page.keyboard.press('Tab');
  await page.keyboard.press('Enter');
  await v.seen(row.getByText(say(v, 'field.noColour'), { exact: true }), 'it can be taken away by keyboard');
  v.ok(await row.getByRole('slider').evaluate((e) => e === document.activeElement), 'the focus stays in the field');
  await v.axe('a colour taken away');
  await page.keyboard.press('Enter');
  await v.seen(row.getByText('—', { exact: true }), 'and then there is none');
}

// On a small screen the second line tells when a record was changed, whole, however much else there is to tell.
async function brief(v, send) {
  const { page } = v;
  const firm = await send('POST', '/company', { name: 'Vereinigte Oberrheinische Maschinenbauwerke Aktiengesellschaft' });
  await send('POST', '/person', { name: 'Karla Kurz', company: firm.id, phones: ['0221 5550199'], mails: ['karla.kurz@oberrheinische-maschinenbauwerke.example'] });
  await page.goto(`${v.url}/person?q=Karla`);
  const time = page.getByRole('row', { name: /Karla Kurz/ }).locator('time');
  await v.seen(time, 'the row tells when');
  v.ok(await time.evaluate((e) => e.getBoundingClientRect().width > 20 && e.getBoundingClientRect().right <= e.parentElement.getBoundingClientRect().right + 1), 'and is not cut off');
  await v.shot('row-brief');
}

async function operator(v, panel) {
  const { page } = v;
  const row = panel.locator('[data-field=phones]');
  await row.getByRole('button').focus();
  await page.keyboard.press('Enter');
  await row.getByLabel(`${say(v, 'field.operator')} 1`).fill('MTS');
  await v.axe('the operator being typed');
  await page.keyboard.press('Enter');
  await v.seen(row.getByText('MTS'), 'the operator stands beside the number');
}

async function sites(v, panel) {
  const { page } = v;
  const row = panel.locator('[data-field=urls]');
  await panel.locator('.body button[aria-expanded]').click();
  await row.getByRole('button').focus();
  await page.keyboard.press('Enter');
  await row.locator('input').first().fill('wolgin.example');
  await row.getByRole('button', { name: say(v, 'field.add'), exact: true }).click();
  await row.locator('input').nth(1).fill('https://shop.wolgin.example/a');
  await row.locator('select').nth(1).selectOption('shop');
  await page.keyboard.press('Tab');
  await row.locator('input').nth(1).press('Enter');
  await v.seen(row.getByRole('link', { name: 'shop.wolgin.example/a' }), 'a second web address is kept');
  v.ok((await row.getByRole('link').first().getAttribute('href')) === 'https://wolgin.example', 'the first one leads there');
  await panel.locator('.body button[aria-expanded]').click();
}

async function found(v) {
  const { page } = v;
  await page.goto(`${v.url}/person?q=wolgin`);
  const row = page.getByRole('row', { name: /Iwan Wolgin/ });
  await v.seen(row.locator('.dot').first(), 'the row shows the colour');
  v.ok(/Stammkunden/.test(await row.innerText()), 'and its name');
  if (!v.phone) {
    await row.locator('.name .name').hover();
    await page.waitForFunction((text) => document.querySelector('.row .name [title], .row .name.name[title]')?.getAttribute('title')?.startsWith(text), say(v, 'time.there').split('{')[0].trim());
    v.ok(true, 'resting on the name tells the local time');
    await page.keyboard.press('Control+k');
    await page.locator('dialog.pal input').fill('wolgin');
    await v.seen(page.getByRole('option', { name: /Iwan Wolgin/ }).locator('.dots'), 'the palette shows the colour');
    v.ok(/Stammkunden/.test((await page.getByRole('option', { name: /Iwan Wolgin/ }).locator('.dots').getAttribute('title')) ?? ''), 'with the name beside it');
    await v.axe('the palette with groups');
    await page.keyboard.press('Escape');
    await page.locator('dialog.pal').waitFor({ state: 'detached' });
  }
}
