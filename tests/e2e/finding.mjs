// A new partner step by step: duplicates, register, left and taken up again, one undo; what a register proposes on the card; notices.
import { colleague, say } from './lib.mjs';

export const name = 'new partner, registers, notices';

export async function run(v, server) {
  await guided(v);
  await resumed(v);
  await proposed(v);
  await notices(v, server);
}

const by = (v, key, values) => v.page.getByRole('button', { name: say(v, key, values), exact: true });
const at = (v, step) => v.page.getByRole('heading', { level: 2, name: say(v, `partner.step.${step}`) });

async function guided(v) {
  const { page } = v;
  await page.goto(`${v.url}/company?id=new`);
  await page.getByRole('link', { name: say(v, 'partner.guided') }).click();
  await v.seen(at(v, 'firm'), 'the form leads to the guided entry');
  await by(v, 'partner.next').click();
  await v.seen(page.locator('[data-field=name]').getByRole('alert'), 'a name is needed to go on');
  await v.axe('the first step');
  await page.locator('[data-field=name] input').fill('Köln');
  await v.seen(page.getByText(say(v, 'partner.none')), 'duplicates are looked for');
  await page.waitForURL(/draft=\d/); // kept while one types
  v.ok(await page.locator('[data-field=name] input').evaluate((x) => x === document.activeElement), 'the cursor stays in the field');
  await by(v, 'partner.next').focus();
  await page.keyboard.press('Enter');
  await at(v, 'register').waitFor();
  await page.getByLabel(say(v, 'setup.country')).selectOption('DE');
  await by(v, 'register.ask').click();
  const found = page.getByRole('listitem').filter({ hasText: 'Köln Alt AG' });
  await v.seen(found.getByText(say(v, 'register.state.closed'), { exact: true }), 'a closed firm is told');
  await v.axe('the register');
  await v.shot('register');
  await by(v, 'register.useOf', { name: 'Kölner Handel GmbH' }).click();
  await at(v, 'legal').waitFor();
  v.ok((await page.locator('[data-field=reg_no] input').inputValue()) === 'HRB 4711', 'the number is taken');
  await v.axe('the legal step');
  await v.shot('legal');
  await by(v, 'partner.next').click();
  await at(v, 'bank').waitFor();
  await by(v, 'partner.addAccount').click();
  await page.locator('[data-field=account] input').fill('DE89370400440532013000');
  await by(v, 'partner.later').click();
  await v.seen(page.getByText(say(v, 'partner.kept')), 'it can be left');
}

async function resumed(v) {
  const { page } = v;
  await page.goto(`${v.url}/partner`);
  await v.seen(page.getByRole('region', { name: say(v, 'partner.open') }), 'what was left is shown');
  await v.axe('unfinished entries');
  await v.shot('unfinished');
  await by(v, 'partner.resumeOf', { name: 'Kölner Handel GmbH' }).click();
  await v.seen(at(v, 'bank'), 'it goes on where it was left');
  v.ok((await page.locator('[data-field=account] input').inputValue()) === 'DE89370400440532013000', 'with what was typed');
  await by(v, 'partner.next').click();
  await by(v, 'partner.addPerson').click();
  await page.locator('[data-field=name] input').fill('Karla Köln');
  await by(v, 'partner.addPerson').click(); // one that stays empty is left out
  await v.axe('the people');
  await v.shot('people');
  await by(v, 'partner.next').click();
  await page.locator('#partner-note').fill('Von der Messe');
  await v.shot('note');
  await by(v, 'partner.finish').click();
  const panel = page.locator('section.panel');
  await v.seen(panel.getByRole('heading', { name: 'Kölner Handel GmbH' }), 'the company is there');
  const count = (e) => page.evaluate(async (x) => (await (await fetch(`/api/v1/count/${x}`)).json()).value, e);
  v.ok((await count('bank_account')) === 1 && (await count('person')) >= 1, 'with account and person');
  const people = await count('person');
  await page.locator('.toast').getByRole('button', { name: say(v, 'undo'), exact: true }).last().click();
  await page.locator('.toast').getByRole('button', { name: say(v, 'redo'), exact: true }).last().waitFor();
  v.ok((await count('bank_account')) === 0 && (await count('person')) === people - 1, 'one undo takes all of it back');
  await page.locator('.toast').getByRole('button', { name: say(v, 'redo'), exact: true }).last().click();
  await page.waitForFunction(async () => (await (await fetch('/api/v1/count/bank_account')).json()).value === 1);
  v.ok(true, 'and redo brings it');
}

async function proposed(v) {
  const { page } = v;
  await page.goto(`${v.url}/company?q=K%C3%B6lner`);
  await page.getByRole('row', { name: /Kölner Handel/ }).click();
  const panel = page.locator('section.panel');
  await panel.getByRole('button', { name: say(v, 'panel.more') }).click();
  await page.getByRole('menuitem', { name: say(v, 'register.ask') }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel(say(v, 'register.number')).fill('LT100001919017');
  await dialog.getByRole('button', { name: say(v, 'register.ask'), exact: true }).click();
  await v.seen(dialog.locator('.note.bad'), 'another name at this number is warned of');
  await v.axe('the register of a card');
  await dialog.getByRole('button', { name: say(v, 'register.useOf', { name: 'UAB Baltijos prekyba' }) }).click();
  const strip = panel.getByRole('group', { name: say(v, 'propose.title') });
  await v.seen(strip.getByText('UAB Baltijos prekyba'), 'the card shows what the register says');
  await v.axe('the proposals');
  await v.shot('proposals');
  await strip.locator('[data-proposal=name]').getByRole('button').last().click();
  await strip.locator('[data-proposal=name]').waitFor({ state: 'detached' });
  await strip.locator('[data-proposal=vat_id]').getByRole('button').first().click();
  await v.seen(panel.locator('[data-field=vat_id]').getByText('LT100001919017'), 'what is taken stands in the record');
  await v.seen(panel.getByRole('heading', { name: 'Kölner Handel GmbH' }), 'what is left does not');
}

// A colleague changes title and firm of a person of mine: the bell counts, the page tells, reading empties it.
async function notices(v, server) {
  const { page } = v;
  await page.goto(`${v.url}/notices`);
  await v.seen(page.getByRole('heading', { name: say(v, 'notice.none') }), 'nothing is told at first');
  await v.axe('no notices');
  const person = await send(page, 'POST', '/person', { name: 'Wanda Wechsel', job_title: 'Einkauf' });
  await send(page, 'PATCH', `/person/${person.id}`, { note: 'x' });
  if (!server.data) return; // a given server: nobody else can be made there
  const other = await colleague(server, v.context.browser());
  v.ok((await other.send('PATCH', `/person/${person.id}`, { job_title: 'Leitung' })).ok(), 'a colleague changes the title');
  await other.close();
  await v.seen(page.getByText('Einkauf → Leitung'), 'what changed is told at once');
  if (!v.phone) await v.seen(page.getByRole('link', { name: say(v, 'notice.unread', { n: 1 }) }), 'the bell counts it');
  await v.axe('a notice');
  await v.shot('notices');
  await page.getByRole('link', { name: 'Wanda Wechsel' }).click();
  await v.seen(page.locator('section.panel').getByRole('heading', { name: 'Wanda Wechsel' }), 'it leads to the person');
  await page.goto(`${v.url}/notices`);
  await page.getByText('Einkauf → Leitung').waitFor();
  v.ok((await page.getByRole('button', { name: say(v, 'notice.all') }).count()) === 0, 'what was looked at is read');
}

const send = (page, method, path, body) =>
  page.evaluate(
    async ([m, p, b]) => {
      const csrf = (await (await fetch('/api/v1/session')).json()).csrf;
      const r = await fetch('/api/v1' + p, { method: m, headers: { 'content-type': 'application/json', 'x-csrf-token': csrf }, body: JSON.stringify(b) });
      return r.status === 204 ? null : r.json();
    },
    [method, path, body],
  );
