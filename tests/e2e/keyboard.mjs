// A day's work by key presses alone: log in, list, search, card, an edit and its undo, a new person and its undo.
import { admin, say, sender } from './lib.mjs';

export const name = 'by keyboard alone';

const TABS_MAX = 60;

export async function run(v) {
  const { page } = v;
  const send = await sender(v);
  await send('POST', '/person', { name: 'Tina Tastatur', job_title: 'Lehrling' });
  await v.context.clearCookies();
  await page.goto(v.url);
  await logIn(v);
  await find(v);
  await edit(v);
  await make(v);
}

/** Goes by Tab (or back) until the element has the focus; false when it cannot be come to. */
async function tabTo(v, locator, key = 'Tab') {
  for (let n = 0; n < TABS_MAX; n++) {
    if (await locator.evaluateAll((l) => l.includes(document.activeElement))) return true;
    await v.page.keyboard.press(key);
  }
  return false;
}

/** What has the focus is to be seen: it has a ring, or is a field with its own. */
const ringed = (v) => v.page.evaluate(() => {
  const e = document.activeElement;
  const ring = (x) => x && getComputedStyle(x).outlineStyle !== 'none' && parseFloat(getComputedStyle(x).outlineWidth) > 0;
  return ring(e) || ring(e?.parentElement) || !!e?.matches('input');
});

async function logIn(v) {
  const { page } = v;
  const mail = page.getByLabel(say(v, 'user.mail'), { exact: true });
  await mail.waitFor();
  v.ok(await tabTo(v, mail), 'the address is come to by Tab');
  await page.keyboard.type(admin.mail);
  v.ok(await tabTo(v, page.getByLabel(say(v, 'user.password'), { exact: true })), 'then the password');
  await page.keyboard.type(admin.password);
  await page.keyboard.press('Enter');
  await v.seen(page.getByRole('row', { name: /Tina Tastatur/ }), 'Enter logs in, and the list is there');
}

async function find(v) {
  const { page } = v;
  v.ok(await tabTo(v, page.locator('a.skip')), 'a link leads past the menu');
  await page.keyboard.press('Enter');
  v.ok(await page.locator('#main').evaluate((e) => e === document.activeElement), 'and does so');
  v.ok(await tabTo(v, page.getByRole('searchbox')), 'the search is come to');
  await page.keyboard.type('tastatur');
  await page.waitForURL(/q=tastatur/);
  const row = page.getByRole('row', { name: /Tina Tastatur/ });
  await row.waitFor();
  await page.getByRole('row').filter({ has: page.getByRole('gridcell') }).nth(1).waitFor({ state: 'detached' });
  v.ok(await tabTo(v, row), 'and behind it the row that was found');
  v.ok(await ringed(v), 'the focus is to be seen on it');
  await page.keyboard.press('Space');
  await v.seen(page.getByRole('toolbar', { name: say(v, 'list.selected', { n: 1 }) }), 'Space picks it');
  await page.keyboard.press('Space');
  await page.getByRole('toolbar').waitFor({ state: 'detached' });
  await page.keyboard.press('Enter');
  await v.seen(page.locator('section.panel').getByRole('heading', { name: 'Tina Tastatur' }), 'Enter opens it');
}

async function edit(v) {
  const { page } = v;
  const panel = page.locator('section.panel');
  const field = panel.locator('[data-field=job_title]');
  v.ok(await tabTo(v, field.getByRole('button')), 'a field is come to');
  v.ok(await ringed(v), 'and seen to be');
  await page.keyboard.press('Enter');
  await field.locator('input').waitFor();
  await page.keyboard.press('Control+a');
  await page.keyboard.type('Meisterin');
  await page.keyboard.press('Enter');
  await v.seen(field.getByText('Meisterin', { exact: true }), 'Enter keeps what was typed');
  await v.seen(page.getByText(say(v, 'record.saved'), { exact: true }), 'a toast tells it');
  v.ok(await field.getByRole('button').evaluate((e) => e === document.activeElement), 'the focus is back at the field');
  await page.keyboard.press('Control+z');
  await v.seen(field.getByText('Lehrling', { exact: true }), 'Ctrl+Z takes it back');
  await page.keyboard.press('Enter');
  await field.locator('input').waitFor();
  await page.keyboard.type('x');
  await page.keyboard.press('Escape');
  await v.seen(field.getByText('Lehrling', { exact: true }), 'Esc leaves the field as it was');
  await page.keyboard.press('Escape');
  await panel.waitFor({ state: 'detached' });
  await page.waitForFunction(() => document.activeElement?.matches('[data-i]'));
  v.ok(true, 'Esc closes the card, and the row has the focus again');
}

async function make(v) {
  const { page } = v;
  v.ok(await tabTo(v, page.locator('.bar .btn.pri'), 'Shift+Tab'), 'the button for a new person is come to backwards');
  await page.keyboard.press('Enter');
  const form = page.locator('form.panel');
  await form.waitFor();
  v.ok(await form.locator('input').first().evaluate((e) => e === document.activeElement), 'the form begins with the name');
  await page.keyboard.type('Tom Taste');
  v.ok(await tabTo(v, form.locator('input[inputmode=tel]').first()), 'the telephone is come to');
  await page.keyboard.type('0151 7654321');
  v.ok(await tabTo(v, form.getByRole('button', { name: say(v, 'save'), exact: true })), 'and the button that keeps it');
  await page.keyboard.press('Enter');
  const head = page.locator('section.panel').getByRole('heading', { name: 'Tom Taste' });
  await v.seen(head, 'the new person opens');
  v.ok(await page.locator('section.panel').evaluate((e) => e.contains(document.activeElement)), 'with the focus in its card');
  const undo = page.locator('.toast').getByRole('button', { name: say(v, 'undo'), exact: true }).last();
  v.ok(await tabTo(v, undo), 'the toast is come to and waits');
  await page.keyboard.press('Enter');
  await v.seen(page.getByText(say(v, 'undo.done', { n: 1 }), { exact: true }), 'its undo takes the person back');
  await v.axe('the end of the walk');
}
