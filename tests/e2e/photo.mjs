// A photo on a person: chosen, shown in card and list, refused when it is none, dropped, removed, brought back.
import { say } from './lib.mjs';

export const name = 'photo';

const png = 'iVBORw0KGgoAAAANSUhEUgAAAAIAAAACCAIAAAD91JpzAAAAEklEQVR4nGMIcDjwoMGBAUIBACieBeH88AZsAAAAAElFTkSuQmCC';
const picture = (name) => ({ name, mimeType: 'image/png', buffer: Buffer.from(png, 'base64') });

// Its bytes came: an image that could not be loaded has no width.
const loaded = (img) => img.waitFor().then(() => img.evaluate((el) => el.complete || new Promise((r) => (el.onload = r)))).then(() => img.evaluate((el) => el.naturalWidth === 2));

export async function run(v) {
  const { page } = v;
  await page.goto(`${v.url}/person?id=new`);
  const form = page.locator('form.panel');
  await form.locator('input').first().fill('Berta Bildmann');
  await form.getByRole('button', { name: say(v, 'save'), exact: true }).click();
  const panel = page.locator('section.panel');
  await v.seen(panel.getByRole('heading', { name: 'Berta Bildmann' }), 'the new record opens');
  const row = panel.locator('[data-field=photo]');
  const face = panel.locator('header img.pic');
  await row.getByRole('button').focus();
  await page.keyboard.press('Enter');
  await page.waitForFunction(() => document.activeElement?.matches('[data-field=photo] input[type=file]'));
  v.ok(true, 'the keyboard stands on the chooser');
  await row.locator('input[type=file]').first().setInputFiles({ name: 'x.png', mimeType: 'image/png', buffer: Buffer.from('<svg xmlns="http://www.w3.org/2000/svg"/>') });
  await v.seen(row.getByRole('alert'), 'what is no picture is refused');
  await v.axe('a picture being chosen');
  await v.shot('photo-choose');
  if (v.phone) v.ok((await row.locator('input[capture]').count()) === 1, 'a phone offers its camera');
  await row.locator('input[type=file]').first().setInputFiles(picture('berta.png'));
  v.ok(await loaded(face), 'the card shows the photo');
  await v.seen(row.getByRole('img', { name: 'berta.png' }), 'the field shows it');
  await v.axe('a card with a photo');
  await v.shot('photo-card');
  await remove(v, panel, row, face);
  await drop(v, row, face);
  await page.keyboard.press('Escape');
  await page.goto(`${v.url}/person`);
  v.ok(await loaded(page.getByRole('row', { name: /Berta Bildmann/ }).locator('img.pic')), 'the list shows it');
  await v.axe('a list with photos');
  await v.shot('photo-list');
}

async function remove(v, panel, row, face) {
  const { page } = v;
  await row.getByRole('button', { name: say(v, 'field.edit', { name: await row.locator('.name').innerText() }) }).click();
  await row.getByRole('button', { name: say(v, 'file.remove', { name: 'berta.png' }) }).click();
  await face.waitFor({ state: 'detached' });
  await v.seen(panel.locator('header .av[data-letters=BB]'), 'without it the letters stand there');
  await page.locator('.toast').getByRole('button', { name: say(v, 'undo'), exact: true }).last().click();
  v.ok(await loaded(face), 'undo brings the photo back');
}

async function drop(v, row, face) {
  const { page } = v;
  const before = await face.getAttribute('src');
  await row.getByRole('button').last().click();
  const data = await page.evaluateHandle((b64) => {
    const d = new DataTransfer();
    d.items.add(new File([Uint8Array.from(atob(b64), (c) => c.charCodeAt(0))], 'neu.png', { type: 'image/png' }));
    return d;
  }, png);
  await row.getByRole('group').dispatchEvent('drop', { dataTransfer: data });
  await v.seen(row.getByRole('img', { name: 'neu.png' }), 'a picture can be dropped');
  const other = page.waitForFunction((was) => document.querySelector('section.panel header img.pic')?.getAttribute('src') !== was, before);
  v.ok(await other.then(() => loaded(face), () => false), 'and stands in the card');
}
