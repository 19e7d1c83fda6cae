// Put in order for the team: who sees what by "show as" and by himself, 300 contacts deleted by mistake come back in one
// step, a colleague leaves and all that he has goes to another, last night's backup stands beside the running system.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { admin, openView, say, sender } from './lib.mjs';

export const name = 'the team';
const MANY = 300;
const SECRET = 'Nur für Ben gedacht';

const fits = (page) => page.evaluate(() => document.documentElement.scrollWidth <= innerWidth);
const button = (v, key, values) => v.page.getByRole('button', { name: say(v, key, values), exact: true });

export async function run(v, server) {
  const send = await sender(v);
  const t = await made(v, send, server);
  const w = await openView(v.context.browser(), v.url, v);
  w.ok = v.ok;
  try {
    await comesIn(w, t.anna);
    await shownAs(v, w, send, t);
    await deleted(w, send, t);
    await leaves(v, send, t);
    if (server.data) await beside(v, server, send);
  } finally {
    v.ok(w.errors.length === 0, w.errors.join(' | '));
    await w.context.close();
  }
}

/** Anna sees her own and peeks at others' firms, Ben what is team Süd's; what they have, and some that nobody of them has. */
async function made(v, send) {
  const at = `${v.lang}${v.width}`;
  const team = await send('POST', '/team', { name: `Süd ${at}` });
  const company = (await send('GET', '/meta')).entities.find((e) => e.name === 'company');
  const masked = Object.fromEntries(company.fields.filter((f) => f.name === 'note' || f.name === 'phones').map((f) => [f.name, 'hidden']));
  const own = { see: 'own', create: 'own', change: 'own', delete: 'own', export: 'own', mass: 'own' };
  const seller = await send('POST', '/role', { name: `Verkauf ${at}`, rights: { '*': own, user: { see: 'all' }, team: { see: 'all' }, company: { ...own, see: 'all', fields: masked } } });
  const region = await send('POST', '/role', { name: `Region ${at}`, rights: { '*': { see: 'team', create: 'own', change: 'team' }, user: { see: 'all' } } });
  const user = async (first, role, more = {}) => {
    const mail = `${first.toLowerCase()}-${at}@team.example`;
    const { id } = await send('POST', '/user', { name: `${first} ${at}`, mail, role: role.id, ...more });
    await send('POST', `/account/${id}/password`, { password: 'Erstes-Wort-1' });
    return { id, mail, name: `${first} ${at}` };
  };
  const anna = await user('Anna', seller);
  const ben = await user('Ben', region, { team: team.id });
  const tag = `Reihe${at}`;
  for (let i = 0; i < MANY; i += 100) {
    const items = Array.from({ length: 100 }, (_, k) => ({ op: 'create', values: { name: `${tag} ${i + k}`, owner: anna.id } }));
    const { counts } = await send('POST', '/person/bulk', { items });
    v.ok(counts.created === 100, 'contacts are there');
  }
  const firm = await send('POST', '/company', { name: `Dachbau ${at}`, note: SECRET, owner: ben.id });
  const his = [];
  for (const n of ['Eins', 'Zwei']) his.push((await send('POST', '/person', { name: `Bens ${n} ${at}`, owner: ben.id })).id);
  await send('POST', '/task', { subject: `Rückruf ${at}`, owner: ben.id });
  return { at, tag, anna, ben, firm, his };
}

async function comesIn(w, user) {
  const { page } = w;
  const by = (key) => page.getByLabel(say(w, key), { exact: true });
  await page.goto(w.url);
  await by('user.mail').fill(user.mail);
  await by('user.password').fill('Erstes-Wort-1');
  await page.getByRole('button', { name: say(w, 'login.do'), exact: true }).click();
  await by('account.given').fill('Erstes-Wort-1');
  await by('account.fresh').fill(admin.password);
  await by('account.again').fill(admin.password);
  await page.keyboard.press('Enter');
  await page.locator('main').waitFor();
  await page.waitForLoadState('networkidle');
}

/** What the administrator is shown as Anna is what Anna gets: in lists, search, counts, exports, by every door. */
async function shownAs(v, w, send, t) {
  const { page } = v;
  await page.goto(`${v.url}/settings/roles`);
  const who = page.getByLabel(say(v, 'showas.who'), { exact: true });
  await who.locator('option', { hasText: t.anna.name }).waitFor({ state: 'attached', timeout: 30_000 });
  await who.selectOption({ label: t.anna.name });
  await button(v, 'showas.look').click();
  await v.seen(page.getByText(say(v, 'showas.now', { name: t.anna.name })), 'a bar tells whose view it is');
  const ask = ['/person?sort=name&limit=200&count=1', '/company?sort=name&limit=200', `/search?q=${t.tag}`, `/search?q=${encodeURIComponent(SECRET)}`, `/search?q=Bens`, '/task?limit=200', '/export/person?format=csv', `/company/${t.firm.id}`, `/person/${t.his[0]}`];
  const look = (p) => p.evaluate((paths) => Promise.all(paths.map(async (x) => {
    const as = JSON.parse(sessionStorage.getItem('kontor-as') ?? 'null')?.id; // as the app asks
    const r = await fetch('/api/v1' + x, { headers: as ? { 'x-kontor-as': as } : {} });
    return `${r.status} ${(await r.text()).replace(/"request_id":"\w+"/g, '')}`;
  })), ask);
  const [shown, hers] = [await look(page), await look(w.page)];
  for (const [i, path] of ask.entries()) v.ok(shown[i] === hers[i], `${path}: as she is shown, so she gets: ${shown[i].slice(0, 200)} | ${hers[i].slice(0, 200)}`);
  v.ok(hers[0].includes(t.tag) && !hers.join().includes(SECRET) && !hers.slice(2).join().includes('Bens Eins'), 'she has her own, and nothing that is hidden from her');
  v.ok(hers[7].startsWith('200') && hers[7].includes(`Dachbau ${t.at}`), "she may peek at others' firms");
  v.ok(hers[8].startsWith('404'), "another's contact is not there for her");
  await page.goto(`${v.url}/company?id=${t.firm.id}`);
  await v.seen(page.getByText(`Dachbau ${t.at}`).first(), 'a firm that she may peek at');
  await v.shot('team-peek');
  await page.goto(`${v.url}/company`);
  await button(v, 'showas.end').click();
  await page.waitForLoadState('networkidle');
}

/** All of them into the trash, and back by one press. */
async function deleted(w, send, t) {
  const { page } = w;
  const left = async () => (await send('GET', `/count/person?filter=${encodeURIComponent(JSON.stringify({ field: 'owner', op: 'eq', value: t.anna.id }))}`)).value;
  const becomes = async (n, what) => {
    for (let i = 0; i < 150 && (await left()) !== n; i++) await page.waitForTimeout(200);
    w.ok((await left()) === n, what);
  };
  await page.goto(`${w.url}/person`);
  const boxes = page.locator('[role=row][data-id] input[type=checkbox]');
  await boxes.first().waitFor();
  await boxes.first().click();
  const bar = page.getByRole('toolbar');
  await bar.getByRole('button', { name: say(w, 'mass.all', { n: MANY }), exact: true }).click();
  await bar.getByRole('button', { name: say(w, 'delete'), exact: true }).click();
  await w.seen(page.getByText(say(w, 'list.deleted', { n: MANY }), { exact: true }), 'three hundred contacts are gone at a stroke');
  await becomes(0, 'none is left');
  await page.locator('.toast').getByRole('button', { name: say(w, 'undo'), exact: true }).last().click();
  await w.seen(page.getByText(say(w, 'undo.done', { n: MANY }), { exact: true }), 'one press brings all of them back');
  await becomes(MANY, 'each of them');
}

/** Ben leaves: one form hands all over and ends him; one undo takes both back. */
async function leaves(v, send, t) {
  const { page } = v;
  const his = await v.context.browser().newContext();
  const first = await his.request.post(v.url + '/api/v1/session', { data: { mail: t.ben.mail, password: 'Erstes-Wort-1' } });
  v.ok(first.ok(), 'Ben is in');
  await page.goto(`${v.url}/user?id=${t.ben.id}`);
  await button(v, 'handover.open').click();
  const dialog = page.getByRole('dialog').filter({ has: page.getByRole('heading', { name: say(v, 'handover.title', { name: t.ben.name }) }) });
  await v.seen(dialog, 'the form asks who gets them');
  v.ok(await dialog.getByRole('button', { name: say(v, 'handover.do'), exact: true }).isDisabled(), 'nobody is named yet');
  await dialog.getByLabel(say(v, 'handover.to'), { exact: true }).fill(t.anna.name);
  await page.getByRole('option', { name: t.anna.name }).first().click();
  await dialog.getByLabel(say(v, 'handover.end', { name: t.ben.name }), { exact: true }).check();
  await v.axe('handing over');
  await v.shot('team-handover');
  v.ok(await fits(page), 'the form fits');
  await dialog.getByRole('button', { name: say(v, 'handover.do'), exact: true }).click();
  await v.seen(page.getByText(say(v, 'handover.done', { n: 4, to: t.anna.name }), { exact: true }), 'his firm, contacts and task have a new owner');
  const owner = async (path) => (await send('GET', path)).owner?.id;
  v.ok((await owner(`/person/${t.his[0]}`)) === t.anna.id && (await owner(`/company/${t.firm.id}`)) === t.anna.id, 'Anna has them');
  v.ok((await his.request.get(v.url + '/api/v1/session')).status() === 401, 'he is out');
  v.ok((await send('GET', `/user/${t.ben.id}`)).active === false, 'and cannot come back in');
  await page.locator('.toast').getByRole('button', { name: say(v, 'undo'), exact: true }).last().click();
  await v.seen(page.getByText(say(v, 'undo.done', { n: 5 }), { exact: true }), 'one undo takes all of it back');
  v.ok((await owner(`/person/${t.his[1]}`)) === t.ben.id && (await send('GET', `/user/${t.ben.id}`)).active === true, 'they are his again, and he may come in');
  v.ok((await his.request.get(v.url + '/api/v1/session')).status() === 401, 'by logging in anew');
  await his.close();
}

/** A copy of the running system, brought to life beside it: the same counts. */
async function beside(v, server, send) {
  const run = (...args) => {
    const r = spawnSync(server.bin, args, { encoding: 'utf8' });
    if (r.status) throw new Error(`${args.join(' ')}: ${r.stderr}`);
    return r.stdout;
  };
  const made = JSON.parse(run('backup', '--data', server.data, '--json'));
  const next = join(server.data, 'beside');
  run('restore', made.file ?? made.path, '--data', next);
  for (const entity of ['person', 'company', 'task']) {
    const there = Number(/\d+/.exec(run('count', entity, '--data', next))[0]);
    v.ok(there > 0 && there === (await send('GET', `/count/${entity}`)).value, `as many of ${entity} beside as here`);
  }
}
