// A user makes a passkey with Chromium's virtual authenticator, comes in by it alone and after the password, renames it and takes it away.
import { admin, openView, proof, prove, say, sender, startServer } from './lib.mjs';

export const name = 'passkeys';
const user = { name: 'Paula Passkey', mail: 'paula@test.example', first: 'Erstes-Wort-1', password: 'Zaun und Kiesel' };

const fits = (page) => page.evaluate(() => document.documentElement.scrollWidth <= innerWidth);
const by = (v, key) => v.page.getByLabel(say(v, key), { exact: true });
const button = (v, key, values) => v.page.getByRole('button', { name: say(v, key, values), exact: true });
const inside = (v) => v.page.getByRole('navigation').first();

/** Browsers know no passkeys at a bare IP address: a server of its own that goes by a name. */
export async function run(v) {
  if (process.env.KONTOR_URL) return;
  const server = await startServer('localhost');
  const browser = v.context.browser();
  const a = await openView(browser, server.url, v);
  const w = await openView(browser, server.url, v);
  a.ok = w.ok = v.ok;
  try {
    const { firm, name: who, mail, password } = admin;
    const data = { token: server.token, firm, country: 'DE', currency: 'EUR', language: v.lang, name: who, mail, password };
    v.ok((await a.context.request.post(`${server.url}/api/v1/setup`, { data })).status() === 201, 'the firm is set up');
    const id = await newcomer(a, w);
    const key = await authenticator(w);
    await made(w);
    await comesIn(w);
    await key.verifies(false);
    await out(w);
    await button(w, 'passkey.logIn').click();
    await w.seen(w.page.getByRole('alert'), 'without finger or PIN it is no log-in');
    await w.axe('a passkey that was refused');
    await key.verifies(true);
    await afterPassword(w);
    await a.page.goto(`${server.url}/user?id=${id}`);
    await a.seen(a.page.getByText(say(a, 'account.passkeys', { n: 1 })), 'the administrator sees that she has one');
    await v.page.goto(`${v.url}/settings/account`);
    await v.seen(v.page.getByText(say(v, 'passkey.notHere')), 'at a bare IP address there are none, and that is told');
    const role = await demanded(a, w, id);
    await kept(w, key);
    await enrols(a, w, id, role);
    await everybody(a);
  } finally {
    v.ok(w.errors.length + a.errors.length === 0, [...w.errors, ...a.errors].join(' | '));
    await w.context.close();
    await a.context.close();
    await server.stop();
  }
}

/** A user with a password of her own, logged in. */
async function newcomer(a, w) {
  const send = await sender(a);
  const { id } = await send('POST', '/user', { name: user.name, mail: user.mail });
  await send('POST', `/account/${id}/password`, { password: user.first });
  const ask = w.context.request;
  const { csrf } = await (await ask.post(`${w.url}/api/v1/session`, { data: { mail: user.mail, password: user.first } })).json();
  w.ok((await ask.post(`${w.url}/api/v1/session/password`, { data: { present: user.first, password: user.password }, headers: { 'x-csrf-token': csrf } })).ok(), 'she has a password');
  return id;
}

/** A role asks for a passkey from its page: she is told, and her last one stays. */
async function demanded(a, w, id) {
  const send = await sender(a);
  const role = await send('POST', '/role', { name: 'Rolle mit Passkey', rights: { '*': { see: 'own' } } });
  await a.page.goto(`${a.url}/settings/roles?of=${role.id}`);
  await by(a, 'roles.factor').selectOption('passkey');
  await a.axe('a role that asks for a passkey');
  await a.shot('role-passkey');
  await button(a, 'save').click();
  await a.seen(a.page.locator('.toast').getByText(say(a, 'roles.saved', { name: 'Rolle mit Passkey' })).last(), 'a role asks for a passkey');
  a.ok((await send('GET', `/role/${role.id}`)).rights.second_factor === 'passkey', 'it stands in the role');
  await send('PATCH', `/user/${id}`, { role: role.id });
  await w.page.goto(`${w.url}/settings/account`);
  await w.seen(w.page.getByText(say(w, 'factor.required')), 'who came in by one stays in, and is told');
  w.ok((await w.page.getByRole('button', { name: say(w, 'passkey.endOf', { name: 'Laptop im Büro' }), exact: true }).count()) === 0, 'the last one is not taken away');
  await send('PATCH', `/user/${id}`, { role: null });
  return role.id;
}

/** Without one she makes it first: no app for codes is offered. */
async function enrols(a, w, id, role) {
  const { page } = w;
  const send = await sender(a);
  await send('PATCH', `/user/${id}`, { role });
  await page.goto(w.url);
  await page.getByRole('heading', { name: say(w, 'passkey.add') }).waitFor();
  await by(w, 'passkey.name').waitFor();
  w.ok((await button(w, 'login.useApp').count()) === 0, 'an app is no way round it');
  await w.axe('a passkey is asked for');
  await w.shot('passkey-enrol');
  w.ok(await fits(page), 'the page that asks for one fits');
  await by(w, 'passkey.name').fill('Noch ein Laptop');
  await button(w, 'passkey.make').click();
  await button(w, 'factor.kept').click();
  await w.seen(inside(w), 'then the house is open');
}

/** One switch for all: the administrator, too, sets it up with his next click. */
async function everybody(a) {
  const { page } = a;
  await page.goto(`${a.url}/settings/signins?tab=factor`);
  const none = by(a, 'roles.factor.none');
  await none.waitFor();
  a.ok(await none.isChecked(), 'nothing is asked of everybody at first');
  await by(a, 'roles.factor.any').check();
  await a.axe('what everybody needs');
  await a.shot('factor-rule');
  a.ok(await fits(page), 'the rule fits');
  await button(a, 'save').click();
  await a.seen(page.getByRole('heading', { name: say(a, 'factor.enrol') }), 'the rule holds at once, for who set it as well');
}

async function authenticator(w) {
  const cdp = await w.context.newCDPSession(w.page);
  await cdp.send('WebAuthn.enable');
  const { authenticatorId } = await cdp.send('WebAuthn.addVirtualAuthenticator', {
    options: { protocol: 'ctap2', transport: 'internal', hasResidentKey: true, hasUserVerification: true, isUserVerified: true, automaticPresenceSimulation: true },
  });
  return { verifies: (isUserVerified) => cdp.send('WebAuthn.setUserVerified', { authenticatorId, isUserVerified }) };
}

async function made(w) {
  const { page } = w;
  await page.goto(`${w.url}/settings/account`);
  await button(w, 'passkey.add').click();
  const box = page.getByRole('dialog');
  w.ok((await box.getByLabel(say(w, 'passkey.name')).inputValue()).length > 3, 'a name is proposed');
  await box.getByLabel(say(w, 'passkey.name')).fill('Laptop im Büro');
  await w.axe('a new passkey');
  await w.shot('passkey-new');
  await button(w, 'passkey.make').click();
  await prove(w, 'falsch-falsch');
  await w.seen(proof(w).getByRole('alert'), 'without the password there is none');
  await prove(w, user.password);
  await page.getByRole('heading', { name: say(w, 'factor.codes') }).waitFor();
  w.ok((await page.locator('.codes-sheet li').count()) === 10, 'the first second factor brings recovery codes');
  await button(w, 'factor.kept').click();
  await w.seen(page.getByRole('listitem').filter({ hasText: 'Laptop im Büro' }), 'it is listed');
  await w.axe('my passkeys');
  await w.shot('passkeys');
  w.ok(await fits(page), 'the passkeys fit');
}

async function out(w) {
  await w.context.clearCookies({ name: 'kontor' });
  await w.page.goto(w.url);
  await by(w, 'user.mail').waitFor();
}

async function comesIn(w) {
  await out(w);
  await w.seen(button(w, 'passkey.logIn'), 'the log-in offers it');
  await w.axe('the log-in with a passkey');
  await w.shot('passkey-login');
  await button(w, 'passkey.logIn').click();
  await w.seen(inside(w), 'it opens the house without a password');
}

async function afterPassword(w) {
  const { page } = w;
  await out(w);
  await by(w, 'user.mail').fill(user.mail);
  await by(w, 'user.password').fill(user.password);
  await button(w, 'login.do').click();
  await page.getByRole('heading', { name: say(w, 'login.second') }).waitFor();
  await w.axe('the second step with a passkey');
  await w.shot('passkey-step');
  await button(w, 'passkey.logIn').click();
  await w.seen(inside(w), 'it is a second step, too');
}

/** A passkey proves who she is before it goes. */
async function kept(w, key) {
  const { page } = w;
  await page.goto(`${w.url}/settings/account`);
  await page.getByRole('button', { name: say(w, 'passkey.renameOf', { name: 'Laptop im Büro' }), exact: true }).click();
  await page.getByRole('dialog').getByRole('textbox').fill('Altes Telefon');
  await w.axe('renaming a passkey');
  await button(w, 'save').click();
  await page.getByRole('button', { name: say(w, 'passkey.endOf', { name: 'Altes Telefon' }), exact: true }).click();
  await w.axe('taking a passkey away');
  await page.getByRole('dialog').getByRole('button', { name: say(w, 'passkey.end'), exact: true }).click();
  await key.verifies(false);
  const box = proof(w);
  await box.getByRole('button', { name: say(w, 'passkey.logIn'), exact: true }).click();
  await w.seen(box.getByRole('alert'), 'without finger or PIN it is no proof');
  await w.axe('a proof by a passkey');
  await w.shot('proof-passkey');
  w.ok((await page.getByText(say(w, 'factor.none')).count()) === 0, 'and nothing is done');
  await box.getByRole('button', { name: say(w, 'proof.password'), exact: true }).click();
  await prove(w, 'falsch-falsch');
  await w.seen(box.getByRole('alert'), 'with it the password must be right');
  await key.verifies(true);
  await box.getByRole('button', { name: say(w, 'passkey.instead'), exact: true }).click();
  await box.getByRole('button', { name: say(w, 'passkey.logIn'), exact: true }).click();
  await w.seen(page.getByText(say(w, 'factor.none')), 'it is gone, and the second factor with it');
}
