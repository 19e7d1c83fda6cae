// A user gets a first password, guesses wrong until the captcha comes, chooses his own; the administrator sees it all.
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { openView, say, sender } from './lib.mjs';

export const name = 'sign-ins';
const NUMBERS = ['one', 'two', 'three', 'four', 'five', 'six', 'seven', 'eight', 'nine', 'ten'];
const user = { name: 'Nora Neu', mail: 'nora@test.example', fresh: 'Moos und Laterne' };

/** The sum in words, done as a person would who reads the language of the page. */
function solve(lang, question) {
  const texts = lang === 'en' ? {} : JSON.parse(readFileSync(fileURLToPath(new URL(`../../src/base/messages/${lang}.json`, import.meta.url)), 'utf8'));
  const words = question.replace('?', '').split(' ');
  return String(words.map((w) => NUMBERS.findIndex((n) => (texts[n] ?? n) === w) + 1).reduce((a, b) => a + b, 0));
}

const fits = (page) => page.evaluate(() => document.documentElement.scrollWidth <= innerWidth);

export async function run(v) {
  const send = await sender(v);
  const { id } = await send('POST', '/user', { name: user.name, mail: user.mail });
  const first = await given(v, id);
  const w = await openView(v.context.browser(), v.url, v);
  w.ok = v.ok;
  try {
    await comesIn(w, first);
    await own(w);
    await watched(v, w);
    await logged(v);
    await ended(v, w, id);
  } finally {
    v.ok(w.errors.length === 0, w.errors.join(' | '));
    await w.context.close();
  }
}

/** The administrator gives a first password on the user's card. */
async function given(v, id) {
  const { page } = v;
  await page.goto(`${v.url}/user?id=${id}`);
  await v.seen(page.getByText(say(v, 'account.hasNone')), 'a new user has no password yet, and that is told');
  await page.getByRole('button', { name: say(v, 'account.give') }).click();
  const field = page.getByLabel(say(v, 'account.given'));
  const first = await field.inputValue();
  v.ok(/^(\w{4}-){3}\w{4}$/.test(first), 'a first password is proposed');
  await v.axe('giving a first password');
  await v.shot('signin-give');
  await page.getByRole('button', { name: say(v, 'account.giveDo'), exact: true }).click();
  await v.seen(page.getByText(say(v, 'account.mustChange')), 'it has to be changed');
  return first;
}

async function comesIn(w, first) {
  const { page } = w;
  const by = (key) => page.getByLabel(say(w, key), { exact: true });
  const go = () => page.getByRole('button', { name: say(w, 'login.do'), exact: true }).click();
  await page.goto(w.url);
  await by('user.mail').fill(user.mail);
  for (let i = 0; i < 4; i++) {
    await by('user.password').fill('falsch-falsch');
    const answered = page.waitForResponse((r) => r.url().endsWith('/session') && r.request().method() === 'POST');
    await go();
    await answered;
    await page.waitForFunction(() => document.getElementById('password').value === ''); // the page takes the wrong one away
  }
  await w.seen(page.getByText(say(w, 'login.captcha')), 'after four wrong passwords a captcha is asked for');
  await by('user.password').fill(first);
  await go();
  await w.seen(page.getByText(say(w, 'login.captchaNeeded')).or(page.getByText(say(w, 'login.captchaWrong'))), 'without an answer nobody gets in');
  w.ok(await page.getByRole('img', { name: say(w, 'login.captchaPicture') }).evaluate((i) => i.naturalWidth === 192), 'the picture is drawn');
  await w.axe('the captcha');
  await w.shot('signin-captcha');
  w.ok(await fits(page), 'the captcha fits');
  await by('login.captchaAnswer').fill(solve(w.lang, await page.locator('#captcha-q strong').innerText()));
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { name: say(w, 'account.first') }).waitFor();
  await w.axe('the first own password');
  await page.reload();
  await w.seen(page.getByRole('heading', { name: say(w, 'account.first') }), 'nothing else opens before, not even anew');
  await by('account.given').fill(first);
  await by('account.fresh').fill('passwort1');
  await by('account.again').fill('passwort1');
  await page.getByRole('button', { name: say(w, 'account.change') }).click();
  await w.seen(page.locator('#p-password-e'), 'a common password is refused at its field');
  await w.shot('signin-first');
  await by('account.fresh').fill(user.fresh);
  await by('account.again').fill(user.fresh);
  await page.getByRole('button', { name: say(w, 'account.change') }).click();
  await w.seen(page.getByRole('navigation').first(), 'then the house is open');
}

/** His own page: another session of his is seen and ended. */
async function own(w) {
  const { page } = w;
  const other = await w.context.browser().newContext({ userAgent: 'Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) Version/17.5 Safari/604.1' });
  const { id: captcha, question } = (await (await other.request.post(`${w.url}/api/v1/session`, { data: { mail: user.mail, password: 'x' } })).json()).captcha ?? {};
  const data = { mail: user.mail, password: user.fresh, ...(captcha ? { captcha: { id: captcha, answer: solve('en', question) } } : {}) };
  w.ok((await other.request.post(`${w.url}/api/v1/session`, { data })).ok(), 'he logs in with his telephone');
  await page.goto(`${w.url}/settings/account`);
  await w.seen(page.getByText('Safari · iPhone'), 'the other device is listed');
  await w.seen(page.getByText(say(w, 'account.this'), { exact: true }), 'and this one is marked');
  await w.axe('my account');
  await w.shot('account');
  w.ok(await fits(page), 'my account fits');
  await page.getByRole('button', { name: say(w, 'account.endOf', { name: 'Safari · iPhone' }) }).focus();
  await page.keyboard.press('Enter');
  await page.getByText('Safari · iPhone').waitFor({ state: 'detached' });
  w.ok((await other.request.get(`${w.url}/api/v1/session`)).status() === 401, 'ended is ended');
  await other.close();
}

/** Too many wrong words from one address: it has to wait, and an administrator lets it go. */
async function slowed(v) {
  const { page } = v;
  const tries = await page.context().browser().newContext();
  const wrong = async (i) => (await tries.request.post(`${v.url}/api/v1/session`, { data: { mail: `n${i}@test.example`, password: 'x' } })).status();
  let i = 0;
  while (i < 60 && (await wrong(i)) !== 429) i++;
  v.ok(i < 60, 'an address that fails too often has to wait');
  await page.reload();
  const row = page.getByRole('listitem').filter({ hasText: '127.0.0.1' });
  await v.seen(row, 'and is listed');
  await v.axe('addresses with too many failures');
  await v.shot('signins-held');
  v.ok(await fits(page), 'they fit');
  await page.getByRole('button', { name: say(v, 'signins.freeOf', { name: '127.0.0.1' }) }).click();
  await row.waitFor({ state: 'detached' });
  v.ok((await wrong('again')) === 401, 'free again, it may try as before');
  await tries.close();
}

async function watched(v, w) {
  const { page } = v;
  await page.goto(`${v.url}/settings/signins`);
  await v.seen(page.getByText(user.mail).first(), 'the administrator sees the attempts');
  await page.getByLabel(say(v, 'signins.outcome')).selectOption('captcha');
  await page.getByRole('listitem').filter({ hasText: say(v, 'signins.is.wrong') }).first().waitFor({ state: 'detached' });
  await v.seen(page.getByRole('listitem').filter({ hasText: say(v, 'signins.is.captcha') }), 'by outcome');
  await page.getByLabel(say(v, 'signins.outcome')).selectOption('');
  await page.getByLabel(say(v, 'signins.name'), { exact: true }).fill('nobody');
  await v.seen(page.getByText(say(v, 'signins.none')), 'by name');
  await page.getByLabel(say(v, 'signins.name'), { exact: true }).fill('nora');
  await page.getByRole('listitem').filter({ hasText: user.mail }).first().waitFor();
  await v.axe('the attempts');
  await v.shot('signins');
  v.ok(await fits(page), 'the attempts fit');
  await page.getByRole('tab', { name: say(v, 'signins.attempts') }).focus();
  await page.keyboard.press('ArrowRight');
  await v.seen(page.getByText(say(v, 'signins.noLocks')), 'nobody is locked out');
  await slowed(v);
  await page.getByRole('button', { name: say(v, 'signins.blockNew') }).click();
  const form = page.getByRole('dialog');
  await form.getByRole('textbox', { name: say(v, 'signins.addr') }).fill('127.0.0.1');
  await form.getByRole('button', { name: say(v, 'signins.block'), exact: true }).click();
  await v.seen(form.getByRole('alert'), 'his own address cannot be blocked');
  await v.axe('blocking an address');
  await form.getByRole('textbox', { name: say(v, 'signins.addr') }).fill('198.51.100.7');
  await form.getByRole('textbox', { name: say(v, 'signins.why') }).fill('Probiert Passwörter');
  await form.getByRole('button', { name: say(v, 'signins.block'), exact: true }).click();
  await v.seen(page.getByText('198.51.100.7'), 'another can');
  await v.axe('locked and blocked');
  await v.shot('signins-kept');
  await page.getByRole('button', { name: say(v, 'signins.freeOf', { name: '198.51.100.7' }) }).click();
  await page.getByRole('listitem').getByText('198.51.100.7').waitFor({ state: 'detached' });
  await page.getByRole('tab', { name: say(v, 'signins.sessions') }).click();
  await v.seen(page.getByRole('listitem').filter({ hasText: user.name }), 'all sessions of all are there');
  await v.axe('all sessions');
  await v.shot('signins-sessions');
  v.ok(await fits(page), 'the sessions fit');
  await w.page.goto(`${w.url}/settings/signins`);
  await w.seen(w.page.getByText(say(w, 'error.denied')), 'who does not manage users sees none of it');
}

/** The server's texts of events, in the language of the view. */
function event(lang, text) {
  return lang === 'en' ? text : JSON.parse(readFileSync(fileURLToPath(new URL(`../../src/base/messages/${lang}.json`, import.meta.url)), 'utf8'))[text];
}

/** The security log: by person, by kind, by address, by day; as a file; and from there to the user's card. */
async function logged(v) {
  const { page } = v;
  await page.goto(`${v.url}/settings/signins?tab=usage`);
  await page.getByRole('tab', { name: say(v, 'usage.title') }).focus();
  await page.keyboard.press('ArrowRight');
  const tab = page.getByRole('tab', { name: say(v, 'seclog.title') });
  await v.seen(tab.and(page.locator('[aria-selected="true"]')), 'the security log is reached by keys');
  const item = (text) => page.getByRole('listitem').filter({ hasText: event(v.lang, text) });
  await v.seen(item('log-in failed').first(), 'wrong passwords stand in it');
  await v.shot('signins-security');
  await page.getByLabel(say(v, 'seclog.kind')).selectOption('password');
  await v.seen(item('password changed').filter({ hasText: user.name }).first(), 'and that a password was changed, and by whom');
  await item('log-in failed').first().waitFor({ state: 'detached' });
  await v.axe('the security log');
  v.ok(await fits(page), 'the security log fits');
  await page.getByRole('button', { name: say(v, 'seclog.only', { name: user.name }) }).first().click();
  await v.seen(page.getByRole('button', { name: say(v, 'seclog.allUsers', { name: user.name }) }), 'only what concerns one');
  await page.getByLabel(say(v, 'seclog.from'), { exact: true }).fill('2099-01-01');
  await v.seen(page.getByText(say(v, 'seclog.none')), 'by day');
  await page.getByLabel(say(v, 'seclog.from'), { exact: true }).fill('');
  const came = page.waitForEvent('download');
  await page.getByRole('link', { name: say(v, 'seclog.csv') }).click();
  const text = readFileSync(await (await came).path(), 'utf8');
  v.ok(text.includes('password.changed') && text.includes(event(v.lang, 'password changed')) && text.includes(user.name) && !text.includes('login.failed'), 'as a file with the same filter');
  await stolen(v);
}

/** A laptop was stolen: whose it is, since today, what was done with it, and to his card. */
async function stolen(v) {
  const { page } = v;
  await page.goto(`${v.url}/settings/signins?tab=security`);
  const who = page.getByLabel(say(v, 'seclog.user'), { exact: true });
  await who.fill(user.name);
  await page.getByRole('option', { name: user.name }).click();
  await page.getByRole('button', { name: say(v, 'seclog.today'), exact: true }).click();
  await v.seen(page.getByRole('listitem').filter({ hasText: event(v.lang, 'logged in') }).first(), 'what he did today');
  await v.axe('the security log of one');
  await v.shot('signins-stolen');
  v.ok(await fits(page), 'the security log of one fits');
  await page.getByLabel(say(v, 'seclog.kind')).selectOption('vault');
  await v.seen(page.getByText(say(v, 'seclog.none')), 'nothing of another kind');
  await v.shot('signins-nothing');
  await page.getByRole('button', { name: say(v, 'seclog.clear') }).click();
  await who.fill(user.name);
  await page.getByRole('option', { name: user.name }).click();
  await page.getByRole('link', { name: say(v, 'seclog.open', { name: user.name }) }).click();
  await v.seen(page.getByRole('button', { name: say(v, 'account.endUser') }), 'his card, where he is ended');
}

async function ended(v, w, id) {
  const { page } = v;
  await page.goto(`${v.url}/user?id=${id}`);
  await page.getByRole('button', { name: say(v, 'account.endUser') }).click();
  await v.seen(page.locator('.toast').getByText(say(v, 'account.userEnded', { name: user.name })), 'a user is ended at once');
  await w.page.reload();
  await w.seen(w.page.getByLabel(say(w, 'user.password'), { exact: true }), 'and is out');
  await page.getByRole('button', { name: say(v, 'undo'), exact: true }).first().click();
  await v.seen(page.getByRole('button', { name: say(v, 'account.endUser') }), 'taken back, he may log in again');
}
