// Two people at one record: a clash on the same field is shown, live changes arrive, two records become one and two again.
import { say } from './lib.mjs';

export const name = 'clash and merge';

export async function run(v) {
  const { page } = v;
  const csrf = (await (await page.request.get(`${v.url}/api/v1/session`)).json()).csrf;
  const send = async (method, path, data) => (await page.request.fetch(`${v.url}/api/v1${path}`, { method, data, headers: { 'x-csrf-token': csrf } })).json();
  const a = await send('POST', '/person', { name: 'Clara Clash' });
  const b = await send('POST', '/person', { name: 'Clara Doppelt', phones: [{ type: 'mobile', value: '0171 5550199' }] });
  const panel = page.locator('section.panel');
  const row = panel.locator('[data-field=name]');
  await page.goto(`${v.url}/person?id=${a.id}`);
  await v.seen(panel.getByRole('heading', { name: 'Clara Clash' }), 'the address opens the record');
  const second = await v.context.newPage();
  await second.goto(`${v.url}/person?id=${a.id}`);
  await v.seen(second.getByRole('heading', { name: 'Clara Clash' }), 'a second tab shows it too');
  await send('PATCH', `/person/${a.id}`, { name: 'Clara Live' });
  await v.seen(second.getByRole('heading', { name: 'Clara Live' }), 'the second tab hears of a change through the first');
  await second.close();
  await v.seen(panel.getByRole('heading', { name: 'Clara Live' }), 'a change made elsewhere arrives by itself');
  await row.getByRole('button').focus();
  await page.keyboard.press('Enter');
  await row.locator('input').fill('Clara Mine');
  await send('PATCH', `/person/${a.id}`, { name: 'Clara Theirs' });
  await page.keyboard.press('Enter');
  const dialog = page.getByRole('dialog');
  await v.seen(dialog.getByText('Clara Theirs'), 'the other value is shown');
  await v.seen(dialog.getByText('Clara Mine'), 'beside mine');
  await v.axe('the clash');
  await v.shot('clash');
  await dialog.getByRole('button', { name: say(v, 'conflict.useMine') }).click();
  await v.seen(panel.getByRole('heading', { name: 'Clara Mine' }), 'mine is kept when chosen');
  await merge(v, panel, b);
}

async function merge(v, panel, b) {
  const { page } = v;
  await panel.getByRole('button', { name: say(v, 'panel.more') }).click();
  await page.getByRole('menuitem', { name: say(v, 'merge.with') }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByRole('combobox').fill('Doppelt');
  await page.getByRole('option', { name: /Clara Doppelt/ }).click();
  await v.seen(dialog.getByText('0171 5550199'), 'the fields that differ are shown');
  await v.axe('the merge');
  await v.shot('merge');
  await dialog.getByRole('button', { name: say(v, 'merge.run'), exact: true }).click();
  await dialog.waitFor({ state: 'detached' });
  await v.seen(panel.getByText('+49 171 5550199'), 'the winner took the phone');
  await panel.getByRole('tab', { name: say(v, 'panel.history') }).click();
  const told = say(v, 'history.mergedWith', { title: 'Clara Doppelt' });
  await v.seen(panel.getByText(`${told} · ${say(v, 'history.mergedTook')}`).first(), 'the history says what was merged');
  await page.goto(`${v.url}/batches`);
  await v.seen(page.getByText(say(v, 'batch.merged', { loser: 'Clara Doppelt', winner: 'Clara Theirs' })).or(page.getByText(say(v, 'batch.merged', { loser: 'Clara Doppelt', winner: 'Clara Mine' }))).first(), 'and the log says which into which');
  await page.goto(`${v.url}/person?q=Doppelt`);
  await v.seen(page.getByRole('heading', { name: say(v, 'list.none') }), `the loser ${b.id} is no longer listed`);
}
