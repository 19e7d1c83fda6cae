// A user sets up an app for codes, logs in with it and with a recovery code; an administrator asks for it by role and resets it.
import { createHmac } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { admin, openView, proof, prove, say, sender } from './lib.mjs';

export const name = 'second factor';
const user = { name: 'Tim Telefon', mail: 'tim@test.example', first: 'Erstes-Wort-1', password: 'Zaun und Kiesel' };

/** What an app shows for this key, some steps of 30 seconds from now (RFC 6238). */
function shown(secret, off = 0) {
  const bits = [...secret.replace(/\s/g, '')].map((c) => 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'.indexOf(c).toString(2).padStart(5, '0')).join('');
  const key = Buffer.from(bits.match(/.{8}/g).map((b) => parseInt(b, 2)));
  const step = Buffer.alloc(8);
  step.writeBigUInt64BE(BigInt(Math.floor(Date.now() / 30_000) + off));
  const sum = createHmac('sha1', key).update(step).digest();
  return String((sum.readUInt32BE(sum[19] & 15) & 0x7fffffff) % 1_000_000).padStart(6, '0');
}

const fits = (page) => page.evaluate(() => document.documentElement.scrollWidth <= innerWidth);
const by = (v, key) => v.page.getByLabel(say(v, key), { exact: true });
const press = (v, key, values) => v.page.getByRole('button', { name: say(v, key, values), exact: true }).click();

export async function run(v) {
  const send = await sender(v);
  const { id } = await send('POST', '/user', { name: user.name, mail: user.mail });
  await send('POST', `/account/${id}/password`, { password: user.first });
  const w = await openView(v.context.browser(), v.url, v);
  w.ok = v.ok;
  try {
    const ask = w.context.request;
    const { csrf } = await (await ask.post(`${v.url}/api/v1/session`, { data: { mail: user.mail, password: user.first } })).json();
    w.ok((await ask.post(`${v.url}/api/v1/session/password`, { data: { present: user.first, password: user.password }, headers: { 'x-csrf-token': csrf } })).ok(), 'he has a password');
    await w.page.goto(`${w.url}/settings/account`);
    await w.seen(w.page.getByText(say(w, 'factor.none')), 'the page says that there is no second factor');
    await press(w, 'factor.setUp');
    const { secret, codes } = await setUp(w);
    await w.seen(w.page.getByText(say(w, 'factor.left', { n: 10 })), 'it is on');
    await w.axe('my account with a second factor');
    await w.shot('factor-on');
    await twoSteps(w, secret, codes);
    await enforced(v, w, send, id);
  } finally {
    v.ok(w.errors.length === 0, w.errors.join(' | '));
    await w.context.close();
  }
}

/** The three steps, wherever they are shown. */
async function setUp(w) {
  const { page } = w;
  await press(w, 'factor.next');
  await prove(w, 'falsch-falsch');
  await w.seen(proof(w).getByRole('alert'), 'without the password nothing begins');
  await prove(w, user.password);
  await w.seen(page.getByRole('img', { name: say(w, 'factor.picture') }), 'the picture is drawn');
  const secret = (await page.locator('.secret').innerText()).trim();
  w.ok(/^([A-Z2-7]{4} ){7}[A-Z2-7]{4}$/.test(secret), 'and the key stands below it');
  w.ok((await page.getByRole('link', { name: say(w, 'factor.here') }).getAttribute('href')).includes(secret.replace(/ /g, '')), 'the app on this device can take it, too');
  await w.axe('setting up an app');
  await w.shot('factor-picture');
  w.ok(await fits(page), 'the set-up fits');
  await by(w, 'factor.code').fill('000000');
  await press(w, 'factor.on');
  await w.seen(page.getByRole('alert'), 'a wrong code turns nothing on');
  const code = shown(secret);
  await by(w, 'factor.code').fill(`${code.slice(0, 3)} ${code.slice(3)}`);
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { name: say(w, 'factor.codes') }).waitFor();
  const codes = await page.locator('.codes-sheet li').allInnerTexts();
  w.ok(codes.length === 10 && codes.every((c) => /^[0-9a-z]{5}-[0-9a-z]{5}$/.test(c)), 'ten recovery codes are shown');
  await w.axe('recovery codes');
  await w.shot('factor-codes');
  w.ok(await fits(page), 'the codes fit');
  const saved = page.waitForEvent('download');
  await page.getByRole('link', { name: say(w, 'factor.save') }).click();
  w.ok(readFileSync(await (await saved).path(), 'utf8').includes(codes[9]), 'they can be saved as text');
  await press(w, 'factor.kept');
  return { secret, codes };
}

async function first(w) {
  const { page } = w;
  await w.context.clearCookies({ name: 'kontor' });
  await page.goto(w.url);
  await by(w, 'user.mail').fill(user.mail);
  await by(w, 'user.password').fill(user.password);
  await press(w, 'login.do');
}

async function twoSteps(w, secret, codes) {
  const { page } = w;
  await first(w);
  await page.getByRole('heading', { name: say(w, 'login.second') }).waitFor();
  w.ok((await page.locator('#second').getAttribute('autocomplete')) === 'one-time-code' && (await page.locator('#second').getAttribute('inputmode')) === 'numeric', 'telephones offer the code');
  await w.axe('the second step');
  await w.shot('factor-step');
  w.ok(await fits(page), 'the second step fits');
  await page.goto(`${w.url}/person`);
  await page.getByRole('heading', { name: say(w, 'login.second') }).waitFor();
  await by(w, 'factor.code').fill('000000');
  await press(w, 'login.do');
  await w.seen(page.getByRole('alert'), 'a wrong code is refused');
  await by(w, 'factor.code').fill(shown(secret, 1));
  await page.keyboard.press('Enter');
  await w.seen(page.getByRole('navigation').first(), 'the right one opens the house');
  await first(w);
  await press(w, 'login.useRecovery');
  await w.axe('a recovery code');
  await w.shot('factor-recovery');
  await by(w, 'login.recoveryCode').fill(codes[2].toUpperCase());
  await press(w, 'login.do');
  await w.seen(page.getByRole('navigation').first(), 'a recovery code opens it, too');
  await page.goto(`${w.url}/settings/account`);
  await w.seen(page.getByText(say(w, 'factor.left', { n: 9 })), 'and is used up');
  await provedWhole(w, codes);
}

/** Who has a second factor shows it once more: here by one of his recovery codes. */
async function provedWhole(w, codes) {
  const { page } = w;
  await press(w, 'factor.newCodes');
  await page.getByRole('dialog').getByRole('button', { name: say(w, 'factor.newCodesDo'), exact: true }).click();
  const box = proof(w);
  await box.getByLabel(say(w, 'account.present'), { exact: true }).fill(user.password);
  await box.getByLabel(say(w, 'factor.code'), { exact: true }).fill('000000');
  await w.axe('a proof with a code');
  await w.shot('proof-code');
  await box.getByRole('button', { name: say(w, 'proof.do'), exact: true }).click();
  await w.seen(box.getByRole('alert'), 'the password alone is no proof');
  await box.getByRole('button', { name: say(w, 'login.useRecovery'), exact: true }).click();
  await box.getByLabel(say(w, 'login.recoveryCode'), { exact: true }).fill(codes[3]);
  await box.getByRole('button', { name: say(w, 'proof.do'), exact: true }).click();
  await page.locator('.codes-sheet').waitFor();
  w.ok((await page.locator('.codes-sheet li').count()) === 10, 'then there are new codes');
  await press(w, 'factor.kept');
}

/** As when the log-in is long ago: the password is asked for, then what was meant is done. */
async function proved(v, role) {
  const { page } = v;
  let asked = 0;
  const once = (route) => (asked++ ? route.continue() : route.fulfill({ status: 403, contentType: 'application/problem+json', body: '{"status":403,"code":"proof","title":"x","detail":"x"}' }));
  await page.route(`**/api/v1/role/${role}`, (route) => (route.request().method() === 'PATCH' ? once(route) : route.continue()));
  await by(v, 'roles.name').fill('Rolle, umbenannt');
  await press(v, 'save');
  await v.seen(page.getByRole('heading', { name: say(v, 'proof.title') }), 'the password is asked for once more');
  await prove(v, 'falsch-falsch');
  await v.seen(proof(v).getByRole('alert'), 'a wrong one is refused');
  await v.axe('proving who one is');
  await v.shot('proof');
  await prove(v, admin.password);
  await v.seen(page.locator('.toast').getByText(say(v, 'roles.saved', { name: 'Rolle, umbenannt' })).last(), 'then the role is saved');
  v.ok(asked === 2, 'the request was repeated, once');
  await page.unroute(`**/api/v1/role/${role}`);
}

/** A role asks for it from its page; on his card it is seen and reset; then he sets up another before anything opens. */
async function enforced(v, w, send, id) {
  const { page } = v;
  const role = await send('POST', '/role', { name: 'Rolle mit Faktor', rights: { '*': { see: 'own' } } });
  await page.goto(`${v.url}/settings/roles?of=${role.id}`);
  await by(v, 'roles.factor').selectOption('any');
  await v.axe('a role that asks for a second factor');
  await press(v, 'save');
  await v.seen(page.locator('.toast').getByText(say(v, 'roles.saved', { name: 'Rolle mit Faktor' })).last(), 'a role asks for a second factor');
  v.ok((await send('GET', `/role/${role.id}`)).rights.second_factor === true, 'it stands in the role');
  await proved(v, role.id);
  await send('PATCH', `/user/${id}`, { role: role.id });
  await w.page.reload();
  await w.seen(w.page.getByText(say(w, 'factor.required')), 'he is told');
  w.ok((await w.page.getByRole('button', { name: say(w, 'factor.off'), exact: true }).count()) === 0, 'and cannot turn it off');
  await page.goto(`${v.url}/user?id=${id}`);
  await press(v, 'account.factorReset');
  await v.axe('resetting a second factor');
  await v.shot('factor-reset');
  await page.getByRole('dialog').getByRole('button', { name: say(v, 'account.factorReset'), exact: true }).click();
  await v.seen(page.getByText(say(v, 'account.factorNone')), 'it is reset');
  await w.page.reload();
  await w.seen(by(w, 'user.password'), 'and he is out');
  await first(w);
  await w.page.getByRole('heading', { name: say(w, 'factor.enrol') }).waitFor();
  await w.axe('a second factor is asked for');
  await w.shot('factor-enrol');
  w.ok(await fits(w.page), 'the page that asks for one fits');
  await setUp(w);
  await w.seen(w.page.getByRole('navigation').first(), 'then the house is open');
}
