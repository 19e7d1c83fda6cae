// Own fields and entities: added, refused at the field, changed, in the trash and back; and they stand in the card.
import { say } from './lib.mjs';

export const name = 'own fields';

const by = (v, key, values) => v.page.getByRole('button', { name: say(v, key, values), exact: true });
const toastUndo = (v) => v.page.locator('.toast').getByRole('button', { name: say(v, 'undo'), exact: true }).last();

export async function run(v) {
  const { page } = v;
  await page.goto(`${v.url}/settings/fields?of=company`);
  await v.seen(page.getByText(say(v, 'fields.none')), 'there are no own fields at first');
  await v.axe('the page of own fields');
  await field(v);
  await trash(v);
  await entity(v);
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
  await v.axe('the choices');
  await v.shot('field-form');
  v.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), 'nothing is cut off');
  await dialog.getByRole('button', { name: say(v, 'save'), exact: true }).click();
  await v.seen(page.locator('[data-own=x_ampel]'), 'the field is there');
  await by(v, 'fields.change', { name: 'Ampel' }).click();
  await dialog.getByLabel(say(v, 'fields.help'), { exact: true }).fill('Wie es steht');
  await dialog.getByLabel(say(v, 'fields.required'), { exact: true }).check();
  await dialog.getByRole('button', { name: say(v, 'save'), exact: true }).click();
  await v.seen(page.locator('[data-own=x_ampel]').getByText('Wie es steht'), 'help and rule are changed');
  await v.shot('fields');
  await page.goto(`${v.url}/company?id=new`);
  await v.seen(page.locator('form.panel').getByText('Ampel'), 'a form asks for it');
  await page.goto(`${v.url}/settings/fields?of=company`);
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
  await by(v, 'fields.trashEntity').click();
  const restore = by(v, 'fields.restoreOf', { name: 'Fahrzeuge' });
  await restore.click();
  await restore.waitFor({ state: 'detached' }); // the answer is there: leaving at once would take the request back
  await page.goto(`${v.url}/x_fahrzeug`);
  await v.seen(page.getByRole('heading', { level: 1, name: 'Fahrzeuge' }), 'out of the trash it has its list again');
  await page.goto(`${v.url}/settings/fields?of=x_fahrzeug`);
  await by(v, 'fields.trashEntity').click();
  await v.seen(by(v, 'fields.restoreOf', { name: 'Fahrzeuge' }), 'an entity goes into the trash');
}
