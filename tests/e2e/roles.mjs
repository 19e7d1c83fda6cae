// Roles and rights: what a role may do is seen at a glance, changed, conditions and fields too, and taken back.
import { say, sender } from './lib.mjs';

export const name = 'roles and rights';

const button = (v, key, values) => v.page.getByRole('button', { name: say(v, key, values), exact: true });

export async function run(v) {
  const { page } = v;
  const send = await sender(v);
  const { id } = await send('POST', '/role', { name: 'Rolle Prüfung', rights: { '*': { see: 'own', create: 'own' } } });
  const { entities } = await send('GET', '/meta');
  const text = (of) => of[v.lang] ?? of.en;
  const plural = (n) => text(entities.find((e) => e.name === n).plural);
  const field = (e, n) => text(entities.find((x) => x.name === e).fields.find((f) => f.name === n).label);
  const cell = (n, act) => page.getByLabel(`${n}: ${say(v, 'roles.act.' + act)}`, { exact: true });
  const rights = async () => (await send('GET', `/role/${id}`)).rights;

  let asked = 0;
  const count = (r) => void (r.url().includes('/api/v1/role') && asked++);
  page.on('request', count);
  await page.goto(`${v.url}/settings/roles`);
  await v.seen(cell(plural('person'), 'see'), 'the page begins with a role');
  await page.waitForTimeout(1000);
  page.off('request', count);
  v.ok(asked <= 4, `roles are asked for once, not ${asked} times`);
  await page.goto(`${v.url}/settings/roles?of=${id}`);
  await v.seen(cell(plural('person'), 'see'), 'the matrix of a role');
  await v.axe('roles and rights');
  v.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), 'the page is not wider than its window');
  await cell(plural('person'), 'see').selectOption('team');
  await cell(say(v, 'roles.rest'), 'change').selectOption('own');
  await page.getByLabel(say(v, 'roles.sys.log'), { exact: true }).check();
  await button(v, 'roles.moreOf', { name: plural('person') }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel(field('person', 'birthday'), { exact: true }).selectOption('hidden');
  v.ok((await dialog.getByLabel(field('person', 'name'), { exact: true }).locator('option[value=hidden]').count()) === 0, 'a title cannot be hidden');
  await dialog.getByRole('button', { name: say(v, 'roles.peek'), exact: true }).click();
  v.ok((await dialog.getByLabel(field('person', 'note'), { exact: true }).inputValue()) === 'hidden', 'to peek is to see no more than name and place');
  for (const f of entities.find((e) => e.name === 'person').fields) {
    const box = dialog.getByLabel(text(f.label), { exact: true });
    if ((await box.count()) === 1 && (await box.inputValue()) !== 'write' && f.name !== 'birthday') await box.selectOption('write');
  }
  await dialog.locator('.box input').first().fill('Müller');
  await dialog.locator('.box input').first().fill('');
  await dialog.getByRole('button', { name: say(v, 'roles.done'), exact: true }).click();
  await v.seen(dialog.getByRole('alert').getByText(say(v, 'filter.unfinished'), { exact: true }), 'a condition with a part left out would reach farther: it is refused');
  await dialog.locator('.box input').first().fill('Müller');
  await v.axe('conditions and fields of a role');
  await v.shot('role-more');
  await dialog.getByRole('button', { name: say(v, 'roles.done'), exact: true }).click();
  await cell(plural('person'), 'see').selectOption('team');
  await v.shot('roles');
  await button(v, 'save').click();
  await v.seen(page.locator('.toast').getByText(say(v, 'roles.saved', { name: 'Rolle Prüfung' })).last(), 'the role is saved');
  const now = await rights();
  v.ok(now.person?.see === 'team' && now.person?.fields?.birthday === 'hidden' && now['*']?.change === 'own' && now.sys?.[0] === 'log', 'what was chosen stands in the role');
  v.ok(JSON.stringify(now.person?.filter ?? '').includes('Müller'), 'so does its condition');
  await page.reload();
  v.ok((await cell(plural('person'), 'see').inputValue()) === 'team', 'it is there after a reload');
  await cell(plural('person'), 'see').selectOption('');
  await button(v, 'save').click();
  await v.seen(page.locator('.toast').getByText(say(v, 'roles.saved', { name: 'Rolle Prüfung' })).last(), 'saved again');
  await page.waitForFunction(async ([path]) => (await (await fetch(path)).json()).rights.person.see === undefined, [`/api/v1/role/${id}`]);
  await page.locator('.toast').getByRole('button', { name: say(v, 'undo'), exact: true }).last().click();
  await page.waitForFunction(async ([path]) => (await (await fetch(path)).json()).rights.person.see === 'team', [`/api/v1/role/${id}`]);
  v.ok((await rights()).person.see === 'team', 'a change is taken back');
  await shown(v, send, id);
  await button(v, 'roles.copy').click();
  await v.seen(page.getByLabel(say(v, 'roles.name'), { exact: true }).and(page.locator(':focus')), 'a copy begins with its name');
  await button(v, 'roles.drop').click();
  await v.seen(page.locator('.toast').getByText(say(v, 'roles.trashed', { name: say(v, 'roles.copyName', { name: 'Rolle Prüfung' }) })).last(), 'and goes into the trash');
  await send('DELETE', `/role/${id}`);
}

/** What a colleague with this role sees, and no button changes anything. */
async function shown(v, send, role) {
  const { page } = v;
  const user = await send('POST', '/user', { name: 'Vera Probe', mail: `vera-${v.lang}@probe.example`, role });
  await send('POST', '/person', { name: 'Nur Chef' });
  await page.reload();
  await page.getByLabel(say(v, 'showas.who'), { exact: true }).selectOption({ label: 'Vera Probe' });
  await button(v, 'showas.look').click();
  const bar = page.getByText(say(v, 'showas.now', { name: 'Vera Probe' }));
  await v.seen(bar, 'a bar tells whose view it is');
  await page.goto(`${v.url}/person?q=${encodeURIComponent('Nur Chef')}`);
  await v.seen(bar, 'also after a reload');
  await page.waitForLoadState('networkidle');
  v.ok((await page.locator('main').getByText('Nur Chef', { exact: true }).count()) === 0, 'and she does not see what is not hers');
  await v.axe('shown as somebody else');
  await v.shot('shown-as');
  await button(v, 'showas.end').click();
  await v.seen(page.getByRole('heading', { level: 1, name: say(v, 'roles.title') }), 'back at the roles');
  await page.goto(`${v.url}/person?q=${encodeURIComponent('Nur Chef')}`);
  await v.seen(page.locator('main').getByText('Nur Chef', { exact: true }).first(), 'oneself sees all again');
  await send('DELETE', `/user/${user.id}`);
  await page.goto(`${v.url}/settings/roles?of=${role}`);
  await page.getByLabel(say(v, 'roles.name'), { exact: true }).waitFor();
}
