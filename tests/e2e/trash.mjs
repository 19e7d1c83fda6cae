// An empty list offers a sample firm, which one undo takes away; what was deleted is found in the trash and comes back.
import { say } from './lib.mjs';

export const name = 'sample and trash';

const toastUndo = (v) => v.page.locator('.toast').getByRole('button', { name: say(v, 'undo'), exact: true }).last();

export async function run(v) {
  await sample(v);
  await trash(v);
}

async function sample(v) {
  const { page } = v;
  await page.goto(`${v.url}/company`);
  await page.getByRole('button', { name: say(v, 'sample.try'), exact: true }).click();
  await v.seen(page.getByText(say(v, 'sample.made', { n: 200 }), { exact: true }), 'a sample firm is made');
  await toastUndo(v).hover(); // it stays while it is looked at
  const { value } = await (await v.context.request.get(v.url + '/api/v1/count/person')).json();
  v.ok(value === 200, 'its people are there');
  await v.shot('sample');
  await toastUndo(v).click();
  await v.seen(page.getByRole('button', { name: say(v, 'sample.try'), exact: true }), 'undo takes all of it away');
}

async function trash(v) {
  const { page } = v;
  const call = (method, path, data) => v.context.request.fetch(v.url + '/api/v1' + path, { method, data, headers: { 'x-csrf-token': v.csrf } });
  v.csrf = (await (await v.context.request.get(v.url + '/api/v1/session')).json()).csrf;
  const { id } = await (await call('POST', '/group', { name: 'Wegwerfgruppe' })).json();
  await call('DELETE', `/group/${id}`);
  await page.goto(`${v.url}/trash?of=group`);
  const back = page.getByRole('button', { name: say(v, 'trash.restoreOf', { name: 'Wegwerfgruppe' }), exact: true });
  await v.seen(back, 'the trash shows what was deleted');
  await v.axe('the trash');
  await v.shot('trash');
  v.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), 'nothing is cut off');
  await back.click();
  await back.waitFor({ state: 'detached' });
  await toastUndo(v).click();
  await v.seen(back, 'taking it back puts it into the trash again');
  await back.click();
  await back.waitFor({ state: 'detached' });
  v.ok((await (await call('GET', `/group/${id}`)).json()).name === 'Wegwerfgruppe', 'it is there again');
  await call('DELETE', `/group/${id}`);
}
