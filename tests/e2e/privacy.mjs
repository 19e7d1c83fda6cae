// Somebody is erased by law: first what goes and what stays is shown, the name is typed, and then nothing is left but the proof.
import { say, sender } from './lib.mjs';

export const name = 'privacy';
const person = 'Erika Vergissmeinnicht';

/** Given and withdrawn on the card: the list of people follows, each entry stays. */
async function consents(v, panel, send, id) {
  const { page } = v;
  await panel.getByRole('button', { name: say(v, 'consent.give'), exact: true }).click();
  const box = page.getByRole('dialog');
  await box.locator('input[list]').fill('Newsletter');
  await box.locator('select').first().selectOption('consent');
  await v.axe('a consent');
  await v.shot('consent');
  await box.getByRole('button', { name: say(v, 'save'), exact: true }).click();
  const withdraw = panel.getByRole('button', { name: say(v, 'consent.withdrawOf', { name: 'Newsletter' }), exact: true });
  await v.seen(withdraw, 'the consent holds');
  await withdraw.scrollIntoViewIfNeeded();
  await v.axe('a card with consents');
  await v.shot('consents');
  v.ok((await send('GET', `/person/${id}`)).consents[0] === 'Newsletter', 'and stands at the person, for lists to filter by');
  await withdraw.click();
  await box.getByRole('button', { name: say(v, 'consent.withdraw'), exact: true }).click();
  await v.seen(panel.getByText(say(v, 'consent.none'), { exact: true }), 'withdrawn, nothing is agreed any more');
  v.ok((await send('GET', '/consent')).data.length === 2, 'both entries stay');
}

export async function run(v) {
  const { page } = v;
  const send = await sender(v);
  const company = await send('POST', '/company', { name: 'Blumen Vergiss GmbH' });
  const { id } = await send('POST', '/person', { name: person, company: company.id, mails: ['erika@vergiss.example'], phones: ['+49 151 98765432'] });
  await send('POST', '/interaction', { subject: `${person} fragt an`, person: id });
  const shared = await send('POST', '/interaction', { subject: `Treffen mit ${person}`, person: id, company: company.id });
  await page.goto(`${v.url}/person?id=${id}`);
  const panel = page.locator('section.panel');
  await consents(v, panel, send, id);
  await panel.getByRole('button', { name: say(v, 'panel.more'), exact: true }).click();
  const download = page.waitForEvent('download');
  await page.getByRole('menuitem', { name: say(v, 'archive.menu'), exact: true }).click();
  v.ok((await download).suggestedFilename() === `person-${id}.zip`, 'all data come as an archive');
  await panel.getByRole('button', { name: say(v, 'panel.more'), exact: true }).click();
  await page.getByRole('menuitem', { name: say(v, 'erase.menu'), exact: true }).click();
  const box = page.getByRole('dialog');
  await v.seen(box.getByText(say(v, 'erase.gone'), { exact: true }), 'what goes is shown before');
  await v.seen(box.getByText(`Treffen mit ${person}`), 'and what stays');
  const go = box.getByRole('button', { name: say(v, 'erase.do'), exact: true });
  v.ok(await go.isDisabled(), 'without the name and a ground nothing happens');
  await v.axe('an erasure');
  await v.shot('erase');
  await box.getByLabel(say(v, 'erase.ground'), { exact: true }).selectOption('objection');
  const typed = box.getByLabel(say(v, 'erase.confirm', { name: person }), { exact: true });
  await typed.fill('Erika');
  v.ok(await go.isDisabled(), 'half a name is not enough');
  await typed.fill(person);
  await v.shot('erase-typed');
  v.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), 'nothing is cut off');
  await go.click();
  await v.seen(page.locator('.toast').getByText(/E-[0-9a-f]{10}/), 'it is told with its reference');
  await box.waitFor({ state: 'detached' });
  const gone = await v.context.request.get(`${v.url}/api/v1/person/${id}`);
  v.ok(gone.status() === 404, 'the person is gone');
  const left = await send('GET', `/interaction/${shared.id}`);
  v.ok(left.subject === 'Treffen mit [erased]' && !left.person && left.company.id === company.id, 'what was shared lost the name');
  await page.goto(`${v.url}/settings/privacy`);
  await v.seen(page.getByText(/^E-[0-9a-f]{10}$/), 'the proof stands in the list');
  v.ok(!(await page.content()).includes(person), 'without the name');
  await v.axe('the list of erasures');
  await v.shot('privacy');
  v.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), 'nothing is cut off in the list');
}
