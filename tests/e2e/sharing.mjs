// One record is shared with a colleague who sees nothing else: to see, to change, taken back; he is told, and finds it in his list.
import { say, sender } from './lib.mjs';

export const name = 'sharing';

export async function run(v) {
  const { page } = v;
  const send = await sender(v);
  const button = (where, key, values) => where.getByRole('button', { name: say(v, key, values), exact: true });
  const role = await send('POST', '/role', { name: 'Nur eigene', rights: { '*': { see: 'own', create: 'own', change: 'own' } } });
  const who = `Teo Teiler ${v.lang}`;
  const user = await send('POST', '/user', { name: who, mail: `teo-${v.lang}@teiler.example`, role: role.id });
  const { id } = await send('POST', '/person', { name: 'Gerda Geteilt', mails: ['gerda@geteilt.example'] });
  await send('POST', '/person', { name: 'Ganz Geheim' });
  await page.goto(`${v.url}/person?id=${id}`);
  const panel = page.locator('section.panel');
  await v.seen(panel.getByText('gerda@geteilt.example').first(), 'the card is open');
  const open = async () => {
    await button(panel, 'panel.more').click();
    await page.getByRole('menuitem', { name: say(v, 'share.menu'), exact: true }).click();
  };
  await open();
  const box = page.getByRole('dialog');
  await v.seen(box.getByText(say(v, 'share.nobody'), { exact: true }), 'nobody has it yet');
  const give = button(box, 'share.do');
  v.ok(await give.isDisabled(), 'without somebody nothing happens');
  const to = box.getByLabel(say(v, 'share.to'), { exact: true });
  await to.fill('Teo');
  await page.getByRole('option', { name: new RegExp(who) }).click();
  await box.getByLabel(say(v, 'share.why'), { exact: true }).fill('Urlaub');
  await v.axe('the dialog of sharing');
  await v.shot('share');
  v.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), 'nothing is cut off');
  await give.press('Enter');
  await box.waitFor({ state: 'detached' });
  await v.seen(page.locator('.toast').getByText(say(v, 'share.given', { name: who })), 'it is told, with a way back');
  await open();
  const row = box.locator('li', { hasText: who });
  await v.seen(row, 'he stands in the list');
  v.ok((await row.innerText()).includes('Urlaub'), 'with the word why');
  await v.axe('a record that is shared');
  await v.shot('shared');
  const shares = await send('GET', `/person/${id}/share`);
  v.ok(shares.may && shares.data.length === 1 && shares.data[0].to.id === user.id && shares.data[0].right === 'see', 'the server says the same');
  await button(row, 'share.end', { name: who }).click();
  await v.seen(box.getByText(say(v, 'share.nobody'), { exact: true }), 'and it is taken back');
  const back = button(box, 'share.back');
  await v.seen(back.and(page.locator(':focus')), 'the way back has the focus');
  await v.axe('a share that was taken back');
  await v.shot('share-ended');
  await back.press('Enter');
  await v.seen(row, 'that is undone');
  await page.keyboard.press('Escape');
  await box.waitFor({ state: 'detached' });
  await panel.getByRole('tab', { name: say(v, 'panel.history'), exact: true }).click();
  await v.seen(panel.getByText(say(v, 'history.shareEnded', { name: who })), 'the history tells of it');
  await v.shot('share-history');
  await lent(v, role.id, who);
  await filtered(v);
  await send('DELETE', `/user/${user.id}`);
}

/** What the receiver has of it: that one record, and word of it. */
async function lent(v, role, who) {
  const { page } = v;
  await page.goto(`${v.url}/settings/roles?of=${role}`);
  await page.getByLabel(say(v, 'showas.who'), { exact: true }).selectOption({ label: who });
  await page.getByRole('button', { name: say(v, 'showas.look'), exact: true }).click();
  await v.seen(page.getByText(say(v, 'showas.now', { name: who })), 'shown as the receiver');
  await page.goto(`${v.url}/person?shared=me`);
  await v.seen(page.locator('main').getByText('Gerda Geteilt', { exact: true }), 'he finds it in his list');
  v.ok((await page.locator('main').getByText('Ganz Geheim', { exact: true }).count()) === 0, 'and nothing else');
  await v.shot('shared-with-me');
  await page.getByRole('button', { name: say(v, 'showas.end'), exact: true }).click();
  await page.getByRole('heading', { level: 1, name: say(v, 'roles.title') }).waitFor();
}

/** The list's own filter: the administrator has been lent nothing. */
async function filtered(v) {
  const { page } = v;
  await page.goto(`${v.url}/person`);
  const filter = page.getByRole('button', { name: new RegExp(`^${say(v, 'filter')}`) }).first();
  await filter.click();
  const only = page.getByLabel(say(v, 'filter.shared'), { exact: true });
  await only.check();
  await page.waitForURL(/shared=me/);
  await v.seen(page.getByText(say(v, 'list.none'), { exact: true }), 'nothing was shared with the administrator');
  await v.axe('a list of what is shared');
  await v.shot('shared-list');
  await only.uncheck();
  await page.waitForURL((u) => !u.search.includes('shared'));
}
