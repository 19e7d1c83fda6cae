// Own fields and entities: added, refused at the field, changed, in the trash and back; and they stand in the card.
import { say, sender } from './lib.mjs';

export const name = 'own fields';

const by = (v, key, values) => v.page.getByRole('button', { name: say(v, key, values), exact: true });
const toastUndo = (v) => v.page.locator('.toast').getByRole('button', { name: say(v, 'undo'), exact: true }).last();

export async function run(v) {
  const { page } = v;
  await page.goto(`${v.url}/settings/fields?of=company`);
  await v.seen(page.getByText(say(v, 'fields.none')), 'there are no own fields at first');
  await v.axe('the page of own fields');
  await field(v);
  await order(v);
  await otherKind(v);
  await ruled(v);
  await computed(v);
  await trash(v);
  await entity(v);
  await everyKind(v);
}

async function field(v) {
  const { page } = v;
  await by(v, 'fields.new').click();
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel(say(v, 'fields.kind'), { exact: true }).selectOption('choice');
  await dialog.getByRole('button', { name: say(v, 'save'), exact: true }).click();
  await v.seen(dialog.locator('.err').filter({ hasText: /\S/ }), 'a name is needed, told at the field');
  await v.axe('the form of a field');
  await dialog.getByLabel(say(v, 'fields.label'), { exact: true }).fill('Ampel');
  await dialog.getByRole('button', { name: say(v, 'fields.choiceAdd') }).focus();
  await page.keyboard.press('Enter');
  await dialog.getByLabel(say(v, 'fields.choice', { n: 1 }), { exact: true }).fill('Rot');
  await dialog.getByText(say(v, 'fields.languages'), { exact: false }).nth(1).click();
  const other = v.lang === 'lt' ? ['Русский', 'Красный'] : ['Lietuvių', 'Raudona'];
  await dialog.getByLabel(`${other[0]}: ${say(v, 'fields.choice', { n: 1 })}`, { exact: true }).fill(other[1]);
  await v.axe('the choices');
  await v.shot('field-form');
  v.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), 'nothing is cut off');
  await dialog.getByRole('button', { name: say(v, 'save'), exact: true }).click();
  await v.seen(page.locator('[data-own=x_ampel]'), 'the field is there');
  const made = (await (await sender(v))('GET', '/meta')).entities.find((e) => e.name === 'company').fields.find((f) => f.name === 'x_ampel');
  v.ok(made.choices[0].label[v.lang] === 'Rot' && Object.values(made.choices[0].label).includes(other[1]), 'a choice has its text in other languages');
  await by(v, 'fields.change', { name: 'Ampel' }).click();
  await dialog.getByLabel(say(v, 'fields.help'), { exact: true }).fill('Wie es steht');
  await dialog.getByLabel(say(v, 'fields.required'), { exact: true }).check();
  await dialog.getByLabel(say(v, 'fields.section'), { exact: true }).selectOption({ label: say(v, 'fields.sectionNew') });
  await dialog.getByLabel(say(v, 'fields.sectionName'), { exact: true }).fill('Verkehr');
  await dialog.getByLabel(say(v, 'fields.default'), { exact: true }).selectOption({ label: 'Rot' });
  await dialog.getByRole('button', { name: say(v, 'save'), exact: true }).click();
  await v.seen(page.locator('[data-own=x_ampel]').getByText('Wie es steht'), 'help and rule are changed');
  await v.shot('fields');
  await page.goto(`${v.url}/company?id=new`);
  await v.seen(page.locator('form.panel').getByText('Ampel'), 'a form asks for it');
  await v.seen(page.locator('form.panel').getByRole('heading', { name: 'Verkehr' }), 'under its own section');
  await page.goto(`${v.url}/settings/fields?of=company`);
}

/** A second field is brought to the front by the keyboard, and is there after a reload. */
async function order(v) {
  const { page } = v;
  const send = await sender(v);
  const { name } = await send('POST', '/meta/field', { entity: 'company', kind: 'text', label: { en: 'Menge' } });
  await send('POST', '/company', { name: 'Menge Eins', [name]: '12', x_ampel: 'c1' });
  await send('POST', '/company', { name: 'Menge Viele', [name]: 'viele', x_ampel: 'c1' });
  await page.reload();
  const rows = page.locator('[data-own]');
  await rows.nth(1).waitFor();
  const up = by(v, 'columns.up', { name: 'Menge' });
  await up.focus();
  await page.keyboard.press('Enter');
  await page.getByRole('status').getByText(say(v, 'columns.at', { name: 'Menge', n: 1, of: 2 })).waitFor({ state: 'attached' });
  v.ok((await rows.first().getAttribute('data-own')) === name, 'a field is moved up');
  v.ok(await up.evaluate((e) => e === document.activeElement), 'the focus stays on the button');
  await page.reload();
  await rows.nth(1).waitFor();
  v.ok((await rows.first().getAttribute('data-own')) === name, 'the order is kept');
  await v.axe('the list of own fields');
}

/** The text becomes a number: rehearsed, told what does not fit, done all the same. */
async function otherKind(v) {
  const { page } = v;
  const dialog = page.getByRole('dialog');
  const at = (key, values) => dialog.getByRole('button', { name: say(v, key, values), exact: true });
  await by(v, 'fields.change', { name: 'Menge' }).click();
  await at('fields.changeKind').click();
  await dialog.getByLabel(say(v, 'fields.kindNew'), { exact: true }).selectOption('int');
  v.ok(await at('fields.kindNow').isDisabled(), 'no change without a rehearsal');
  await at('fields.rehearse').focus();
  await page.keyboard.press('Enter');
  await v.seen(dialog.getByText(say(v, 'fields.misfits', { n: 1 })), 'the rehearsal tells how many do not fit');
  await v.seen(dialog.getByRole('list', { name: say(v, 'fields.examples') }).getByText('Menge Viele'), 'and which');
  await v.axe('the rehearsal of another kind');
  await v.shot('field-kind');
  v.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), 'nothing of it is cut off');
  await at('fields.kindForce').click();
  await v.seen(page.locator('[data-own=x_menge]').getByText(say(v, 'kind.int'), { exact: true }), 'the field is of the other kind');
  const kept = await (await sender(v))('GET', '/company?fields=x_menge&q=Menge');
  v.ok(kept.data.some((r) => r.x_menge === 12) && kept.data.some((r) => r.x_menge == null), 'what fits is kept as a number');
}

/** A rule set in the form holds for what is saved from then on. */
async function ruled(v) {
  const { page } = v;
  const dialog = page.getByRole('dialog');
  await by(v, 'fields.change', { name: 'Menge' }).click();
  await dialog.getByText(say(v, 'fields.rule'), { exact: true }).click();
  await dialog.getByLabel(say(v, 'filter.field'), { exact: true }).selectOption('x_menge');
  await dialog.getByLabel(say(v, 'filter.op'), { exact: true }).selectOption('ge');
  await dialog.getByLabel(say(v, 'filter.value'), { exact: true }).fill('3');
  await v.axe('the rule of a field');
  await v.shot('field-rule');
  v.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), 'nothing of a rule is cut off');
  await dialog.getByRole('button', { name: say(v, 'save'), exact: true }).click();
  await dialog.waitFor({ state: 'detached' });
  const send = await sender(v);
  const refused = await send('POST', '/company', { name: 'Menge Zwei', x_menge: 2, x_ampel: 'c1' }).then(() => '', (e) => e.message);
  v.ok(/422/.test(refused) && /x_menge/.test(refused), 'what breaks the rule is not saved');
  if (v.phone) return;
  const rows = page.locator('[data-own]');
  await rows.nth(1).dragTo(rows.first());
  await page.getByRole('status').getByText(say(v, 'columns.at', { name: 'Ampel', n: 1, of: 2 })).waitFor({ state: 'attached' });
  v.ok((await rows.first().getAttribute('data-own')) === 'x_ampel', 'a field is dragged to the front');
}

/** A formula: refused here, refused by the server at its place, then kept; and a number of linked records. */
async function computed(v) {
  const { page } = v;
  const dialog = page.getByRole('dialog');
  const save = dialog.getByRole('button', { name: say(v, 'save'), exact: true });
  await by(v, 'fields.new').click();
  await dialog.getByLabel(say(v, 'fields.kind'), { exact: true }).selectOption('formula');
  await dialog.getByLabel(say(v, 'fields.label'), { exact: true }).fill('Doppelt');
  const area = dialog.getByRole('textbox', { name: say(v, 'fields.formula'), exact: true });
  await dialog.getByLabel(say(v, 'fields.formulaPick'), { exact: true }).selectOption('x_menge');
  await dialog.getByRole('button', { name: say(v, 'fields.insert'), exact: true }).click();
  v.ok((await area.inputValue()) === 'x_menge', 'a field is inserted by its name');
  await area.fill('x_menge * (2');
  await save.click();
  await v.seen(dialog.getByText(say(v, 'fields.formulaEnd')), 'a formula that ends too early is told at once');
  await area.fill('x_menge * (2 + nosuch)');
  await save.click();
  await v.seen(dialog.locator('.err').filter({ hasText: /\S/ }), 'what the server does not know is told at the field');
  await page.waitForFunction(() => String(getSelection()) === 'nosuch' || document.activeElement?.value?.slice(document.activeElement.selectionStart, document.activeElement.selectionEnd) === 'nosuch');
  await v.axe('the form of a formula');
  await v.shot('field-formula');
  v.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), 'nothing of a formula is cut off');
  await area.fill('x_menge * (2 + 1)');
  await save.click();
  await v.seen(page.locator('[data-own=x_doppelt]'), 'the formula is there');
  await by(v, 'fields.change', { name: 'Doppelt' }).click();
  v.ok((await area.inputValue()) === 'x_menge * (2 + 1)', 'and is shown as it was typed');
  await area.fill('x_menge * 4');
  await save.click();
  await dialog.waitFor({ state: 'detached' });
  await by(v, 'fields.new').click();
  await dialog.getByLabel(say(v, 'fields.kind'), { exact: true }).selectOption('rollup');
  await dialog.getByLabel(say(v, 'fields.label'), { exact: true }).fill('Letztes');
  await save.click();
  await v.seen(dialog.locator('.err').filter({ hasText: /\S/ }), 'a roll-up needs records');
  await dialog.getByLabel(say(v, 'fields.over'), { exact: true }).selectOption('interaction.company');
  await dialog.getByLabel(say(v, 'fields.agg'), { exact: true }).selectOption('latest');
  await dialog.getByLabel(say(v, 'fields.gathered'), { exact: true }).selectOption('subject');
  await dialog.getByLabel(say(v, 'fields.latestBy'), { exact: true }).selectOption('at');
  await dialog.getByText(say(v, 'fields.where'), { exact: true }).click();
  await dialog.getByLabel(say(v, 'filter.field'), { exact: true }).selectOption('subject');
  await dialog.getByLabel(say(v, 'filter.op'), { exact: true }).selectOption('contains');
  await dialog.getByLabel(say(v, 'filter.value'), { exact: true }).fill('Angebot');
  await v.axe('the form of a roll-up');
  await v.shot('field-rollup');
  await save.click();
  await v.seen(page.locator('[data-own=x_letztes]'), 'the roll-up is there');
  await by(v, 'fields.change', { name: 'Letztes' }).click();
  await v.seen(dialog.getByLabel(say(v, 'filter.value'), { exact: true }), 'with its condition');
  await save.click();
  await dialog.waitFor({ state: 'detached' });
  const { fields } = (await (await sender(v))('GET', '/meta')).entities.find((e) => e.name === 'company');
  v.ok(JSON.stringify(fields.find((f) => f.name === 'x_letztes').def.where ?? '').includes('Angebot'), 'which saving keeps');
  const kept = await (await sender(v))('GET', '/company?fields=x_doppelt,x_letztes&q=Menge');
  v.ok(kept.data.some((r) => r.x_doppelt === 48), 'a formula that was changed is computed anew');
}

async function trash(v) {
  const { page } = v;
  const row = page.locator('[data-own=x_ampel]');
  await by(v, 'fields.trashOf', { name: 'Ampel' }).click();
  await row.waitFor({ state: 'detached' });
  await v.seen(by(v, 'fields.restoreOf', { name: 'Ampel' }), 'the trash shows it');
  await v.axe('the trash of fields');
  await toastUndo(v).click();
  await v.seen(row, 'undo brings it back');
  await by(v, 'fields.trashOf', { name: 'Ampel' }).click();
  await by(v, 'fields.restoreOf', { name: 'Ampel' }).click();
  await v.seen(row, 'and so does the trash');
  await by(v, 'fields.trashOf', { name: 'Ampel' }).click(); // it is required: other scenarios make companies
  await row.waitFor({ state: 'detached' });
}

async function entity(v) {
  const { page } = v;
  await by(v, 'fields.newEntity').click();
  const dialog = page.getByRole('dialog');
  await dialog.getByRole('button', { name: say(v, 'save'), exact: true }).click();
  await v.seen(dialog.locator('.err').filter({ hasText: /\S/ }), 'an entity needs a name');
  await dialog.getByLabel(say(v, 'fields.one'), { exact: true }).fill('Fahrzeug');
  await dialog.getByLabel(say(v, 'fields.many'), { exact: true }).fill('Fahrzeuge');
  await v.axe('the form of an entity');
  await dialog.getByRole('button', { name: say(v, 'save'), exact: true }).click();
  await page.waitForURL(/of=x_fahrzeug/);
  await v.seen(by(v, 'fields.trashEntity'), 'the new entity is shown');
  await by(v, 'fields.changeEntity').click();
  await dialog.getByLabel(say(v, 'fields.many'), { exact: true }).fill('Fuhrpark');
  await dialog.getByRole('radio', { name: say(v, 'icon.shield') }).focus();
  await page.keyboard.press('Space');
  await dialog.getByRole('button', { name: say(v, 'save'), exact: true }).click();
  await dialog.waitFor({ state: 'detached' });
  await v.seen(page.getByRole('heading', { level: 1 }), 'the form of an entity is closed');
  // The form closes when the server has answered, the page's own description comes a moment later.
  const named = () => document.querySelector('#fields-of option:checked')?.textContent?.trim() === 'Fuhrpark';
  v.ok(await page.waitForFunction(named).then(() => true, () => false), 'an entity has its new name');
  await by(v, 'fields.trashEntity').click();
  const restore = by(v, 'fields.restoreOf', { name: 'Fuhrpark' });
  await restore.click();
  await restore.waitFor({ state: 'detached' }); // the answer is there: leaving at once would take the request back
  await page.goto(`${v.url}/x_fahrzeug`);
  await v.seen(page.getByRole('heading', { level: 1, name: 'Fuhrpark' }), 'out of the trash it has its list again');
  await page.goto(`${v.url}/settings/fields?of=x_fahrzeug`);
  await by(v, 'fields.trashEntity').click();
  await v.seen(by(v, 'fields.restoreOf', { name: 'Fuhrpark' }), 'an entity goes into the trash');
}

/** One entity with a field of every kind that the form offers: its form and its card stand, a length of time is typed as it is shown. */
async function everyKind(v) {
  const { page } = v;
  const send = await sender(v);
  const { name } = await send('POST', '/meta/entity', { label: { en: 'Kiste' } });
  await page.goto(`${v.url}/settings/fields?of=${name}`);
  await by(v, 'fields.new').click();
  const offered = await page.getByRole('dialog').getByLabel(say(v, 'fields.kind'), { exact: true }).locator('option').evaluateAll((l) => l.map((o) => o.value));
  v.ok(offered.includes('picture') && offered.includes('autonumber'), 'the form offers every kind');
  await page.keyboard.press('Escape');
  for (const kind of offered) {
    if (kind === 'rollup') continue; // nothing links to it
    await send('POST', '/meta/field', {
      entity: name, kind, label: { en: `A ${kind}` }, ...(kind === 'link' || kind === 'links' ? { to: 'company' } : {}),
      ...(kind === 'formula' ? { def: { field: 'name' } } : {}), ...(kind.startsWith('choice') ? { choices: [['a', 'A']] } : {}),
    });
  }
  await page.goto(`${v.url}/${name}?id=new`);
  const form = page.locator('form.panel');
  await form.getByLabel('A duration').fill('1:30');
  await form.locator('input').first().fill('Erste Kiste');
  await v.axe('a form with every kind');
  await form.getByRole('button', { name: say(v, 'save'), exact: true }).click();
  await v.seen(page.locator('[data-field=x_a_duration]').getByText('1:30', { exact: true }), 'a length of time is shown as it was typed');
  await v.seen(page.locator('[data-field=x_a_autonumber]').getByText('1', { exact: true }), 'a running number is given');
  await v.axe('a card with every kind');
  await v.shot('every-kind');
  await send('DELETE', `/meta/entity/${name}`);
}
