// What is said and to be done: quick entries from the card, chains, participants, and the page of what is pending.
import { say, sender } from './lib.mjs';

export const name = 'activity';

const choice = (v, key) => ({ note: { en: 'Note', de: 'Notiz', lt: 'Pastaba', ru: 'Заметка' }, task: { en: 'Task', de: 'Aufgabe', lt: 'Užduotis', ru: 'Задача' } })[key][v.lang];
const iso = (days) => new Date(Date.now() + days * 86_400_000).toISOString();

export async function run(v) {
  const { page } = v;
  const send = await sender(v);
  const { id: firm } = await send('POST', '/company', { name: 'Kettner Bau GmbH' });
  const { id } = await send('POST', '/person', { name: 'Klara Kettner', company: firm });
  await page.goto(`${v.url}/person?id=${id}`);
  const panel = page.locator('section.panel');
  await panel.getByRole('tab', { name: say(v, 'panel.talk') }).click();
  await v.seen(panel.getByText(say(v, 'talk.none')), 'an empty timeline says so');
  await quick(v, panel);
  await task(v, panel);
  await chain(v, panel);
  await mentions(v, send, id);
  await pending(v, send, id);
}

async function quick(v, panel) {
  const { page } = v;
  const text = panel.getByLabel(say(v, 'talk.text'));
  await text.fill('Rief wegen Fenstern an\nwill bis Freitag ein Angebot');
  await v.axe('the composer');
  await page.keyboard.press('Control+Enter');
  const item = panel.getByRole('listitem').filter({ hasText: 'Rief wegen Fenstern an' });
  await v.seen(item, 'Ctrl+Enter adds an entry');
  await v.seen(item.getByText('will bis Freitag ein Angebot'), 'its first line is the subject, the rest the text');
  v.ok((await text.inputValue()) === '', 'the composer is empty again');
  await page.locator('.toast').getByRole('button', { name: say(v, 'undo'), exact: true }).last().click();
  await item.waitFor({ state: 'detached' });
  v.ok(true, 'undo takes it away again');
  await text.fill('Rief wegen Türen an');
  await panel.getByRole('button', { name: say(v, 'save'), exact: true }).click();
  await v.seen(panel.getByRole('listitem').filter({ hasText: 'Rief wegen Türen an' }), 'the button adds one too');
}

async function task(v, panel) {
  await panel.getByRole('tab', { name: say(v, 'panel.data') }).click();
  await v.page.keyboard.press('a');
  await v.page.waitForFunction((label) => document.activeElement?.labels?.[0]?.textContent === label, say(v, 'talk.text'));
  v.ok(true, 'A brings the caret into the box for a new entry');
  await panel.getByLabel(say(v, 'talk.kind')).selectOption({ value: 'task' });
  await panel.getByLabel(say(v, 'talk.text')).fill('Angebot schicken');
  await panel.getByRole('button', { name: say(v, 'save'), exact: true }).click();
  const box = panel.getByLabel(say(v, 'talk.doneOf', { name: 'Angebot schicken' }));
  await v.seen(box, 'a task stands on top');
  await v.axe('the timeline');
  await v.shot('talk');
  await box.click();
  await box.waitFor({ state: 'detached' });
  v.ok(true, 'ticked off it goes');
  v.ok((await panel.getByLabel(say(v, 'talk.kind')).locator('option').allInnerTexts()).includes(choice(v, 'note')), 'kinds are named in the language');
  await panel.getByLabel(say(v, 'talk.kind')).selectOption({ value: 'call' });
}

async function chain(v, panel) {
  const { page } = v;
  await panel.getByRole('button', { name: say(v, 'talk.nextOf', { name: 'Rief wegen Türen an' }) }).click();
  await v.seen(panel.getByText(say(v, 'talk.after', { name: 'Rief wegen Türen an' })), 'the next step follows on the entry');
  await panel.getByLabel(say(v, 'talk.planned')).check();
  await panel.getByLabel(say(v, 'talk.when')).fill('2020-02-03T10:00');
  await panel.getByLabel(say(v, 'talk.text')).fill('nachfassen');
  await page.keyboard.press('Control+Enter');
  await v.seen(panel.getByText('nachfassen'), 'it is planned');
  await panel.getByRole('listitem').filter({ hasText: 'nachfassen' }).getByRole('link', { name: 'Rief wegen Türen an' }).click();
  await page.waitForURL(/\/interaction\?id=/);
  const card = page.locator('section.panel');
  const list = card.getByRole('list', { name: say(v, 'talk.chain') });
  await v.seen(list.locator('[aria-current]'), 'the card shows the chain and where one is');
  v.ok((await list.getByRole('listitem').count()) === 2, 'both steps are in it');
  await card.getByRole('button', { name: say(v, 'talk.next'), exact: true }).click();
  await card.getByLabel(say(v, 'talk.text')).fill('dritter Schritt');
  await v.axe('the chain');
  await v.shot('chain');
  await page.keyboard.press('Control+Enter');
  await v.seen(list.getByText('dritter Schritt'), 'the chain goes on from the card');
}

async function mentions(v, send, id) {
  const { page } = v;
  const talk = await send('POST', '/interaction', { subject: 'Baustelle', kind: 'meeting', participants: 'Klara K., Herr Niemand' });
  await page.goto(`${v.url}/interaction?id=${talk.id}`);
  const panel = page.locator('section.panel');
  const pick = panel.getByLabel(say(v, 'mention.pick', { name: 'Klara K.' }));
  await pick.fill('Kettner');
  await page.getByRole('option', { name: /Klara Kettner/ }).click();
  await v.seen(panel.locator('[data-field=people]').getByText('Klara Kettner'), 'a name in the text is linked to the person');
  await pick.waitFor({ state: 'detached' });
  v.ok(true, 'and asked for no more');
  v.ok(/Klara K\., Herr Niemand/.test(await panel.locator('[data-field=participants]').innerText()), 'the text stays as it was');
  await v.axe('participants to be linked');
  await page.goto(`${v.url}/person?id=${id}`);
  await panel.getByRole('tab', { name: say(v, 'panel.talk') }).click();
  await panel.getByRole('link', { name: say(v, 'talk.took', { name: 'Klara Kettner' }) }).click();
  await v.seen(page.getByRole('row', { name: /Baustelle/ }), 'where one took part is found from the person');
}

async function pending(v, send, id) {
  const { page } = v;
  await send('POST', '/interaction', { subject: 'Besuch planen', status: 'planned', at: iso(9), person: id });
  await send('POST', '/interaction', { subject: 'Muster zeigen', status: 'relevant', person: id });
  await page.goto(`${v.url}/pending`);
  const late = page.getByRole('region', { name: say(v, 'pending.overdue') });
  await v.seen(late.getByRole('link', { name: 'Rief wegen Türen an' }), 'what is overdue is told');
  v.ok((await page.getByRole('heading', { level: 2 }).first().innerText()).startsWith(say(v, 'pending.overdue')), 'and stands first');
  await v.seen(page.getByRole('region', { name: say(v, 'pending.undated') }).getByRole('link', { name: 'Muster zeigen' }), 'what has no date is there too');
  await v.axe('what is pending');
  await v.shot('pending');
  await page.getByLabel(say(v, 'pending.group')).selectOption({ value: 'owner' });
  await v.seen(page.getByRole('heading', { level: 2, name: /Anna Becker/ }), 'it can be grouped by who is responsible');
  v.ok(/by=owner/.test(page.url()), 'the address keeps it');
  await page.getByLabel(say(v, 'pending.status'), { exact: true }).selectOption({ value: 'relevant' });
  await page.getByRole('link', { name: 'Besuch planen' }).waitFor({ state: 'detached' });
  await v.seen(page.getByRole('link', { name: 'Muster zeigen' }), 'and narrowed by status');
  await page.getByRole('button', { name: say(v, 'talk.doneOf', { name: 'Muster zeigen' }) }).click();
  await page.getByRole('link', { name: 'Muster zeigen' }).waitFor({ state: 'detached' });
  await page.locator('.toast').getByRole('button', { name: say(v, 'undo'), exact: true }).last().click();
  await v.seen(page.getByRole('link', { name: 'Muster zeigen' }), 'done and taken back');
}
