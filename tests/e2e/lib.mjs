// What the scenarios share: a server with an empty base, a browser, axe, pictures and a tally.
import { spawn, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../../', import.meta.url));
const web = createRequire(join(root, 'web/package.json'));
const { chromium } = web('playwright-core');
const axeSource = readFileSync(web.resolve('axe-core/axe.min.js'), 'utf8');

export const fixture = (name) => join(root, 'tests/fixtures', name);
const catalogue = (name) => JSON.parse(readFileSync(join(root, `web/messages/${name}.json`), 'utf8'));
export const text = (lang) => ({ ...catalogue(lang), ...catalogue(`manage/${lang}`) });
export const admin = { firm: 'Test GmbH', name: 'Anna Becker', mail: 'anna@test.example', password: 'richtig-langes-wort' };

let started = 0;

/** Registers of firms with sample answers on loopback; what the server must know of them, and their end. */
async function startRegisters() {
  const child = spawn('python3', [join(root, 'tests/register/stub.py')], { stdio: ['pipe', 'pipe', 'inherit'] });
  const port = await new Promise((done, fail) => {
    child.stdout.once('data', (d) => done(Number(String(d).trim())));
    child.once('error', fail);
    child.once('exit', () => fail(new Error('the registers did not start')));
  });
  const at = (name) => `http://127.0.0.1:${port}/${name}`;
  return {
    env: { KONTOR_REGISTER_VIES: at('vies'), KONTOR_REGISTER_GLEIF: at('gleif'), KONTOR_REGISTER_DADATA: at('dadata'), KONTOR_DADATA_KEY: 'GEHEIM' },
    stop: () => child.stdin.end(),
  };
}

function freePort() {
  const from = Number(process.env.KONTOR_PORT ?? 0);
  if (from) return Promise.resolve(from + started++);
  return new Promise((done, fail) => {
    const s = createServer();
    s.on('error', fail);
    s.listen(0, '127.0.0.1', () => {
      const { port } = s.address();
      s.close(() => done(port));
    });
  });
}

/** Starts the program on an empty data folder, or uses the one at KONTOR_URL (then KONTOR_TOKEN holds the set-up token). */
export async function startServer(host = '127.0.0.1') {
  if (process.env.KONTOR_URL) return { url: process.env.KONTOR_URL.replace(/\/$/, ''), token: process.env.KONTOR_TOKEN ?? '', stop: async () => {} };
  const data = mkdtempSync(join(tmpdir(), 'kontor-e2e-'));
  const port = await freePort();
  const url = `http://${host}:${port}`;
  const bin = process.env.KONTOR_BIN ?? join(root, 'build/kontor');
  const registers = await startRegisters();
  const hooks = await freePort(); // where a receiver of webhooks will listen
  const idp = await freePort(); // and a provider of single sign-on
  const child = spawn(bin, ['serve', '--data', data, '--listen', `127.0.0.1:${port}`, '--url', url], { stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, ...registers.env, KONTOR_OUTGOING_ALLOW: `127.0.0.1:${hooks},127.0.0.1:${idp}` } });
  let out = '';
  child.stdout.on('data', (d) => (out += d));
  child.stderr.on('data', (d) => (out += d));
  const gone = new Promise((r) => child.on('exit', r));
  let failed = null;
  child.on('error', (e) => (failed = e));
  for (let i = 0; ; i++) {
    const up = await fetch(url + '/api/v1/setup').then((r) => r.ok, () => false);
    const token = /[?&]token=([\w-]+)/.exec(out)?.[1] ?? '';
    if (up && token) {
      const stop = async () => {
        child.kill('SIGTERM');
        await gone;
        registers.stop();
        rmSync(data, { recursive: true, force: true });
      };
      return { url, token, stop, data, bin, hooks, idp, pid: child.pid };
    }
    if (failed || child.exitCode !== null || i > 150) throw new Error(`${bin} did not start: ${failed?.message ?? ''}\n${out}`);
    await new Promise((r) => setTimeout(r, 100));
  }
}

/** Somebody else on the same server, made by the command line: sends requests to the API as he is. */
export async function colleague(server, browser) {
  const file = join(server.data, 'password');
  writeFileSync(file, admin.password);
  const made = spawnSync(server.bin, ['user', 'add', 'kollege@test.example', '--name', 'Karl Kollege', '--password-file', file, '--data', server.data], { encoding: 'utf8' });
  if (made.status) throw new Error(made.stderr);
  const context = await browser.newContext();
  const { csrf } = await (await context.request.post(server.url + '/api/v1/session', { data: { mail: 'kollege@test.example', password: admin.password } })).json();
  return {
    send: (method, path, data) => context.request.fetch(server.url + '/api/v1' + path, { method, data, headers: { 'x-csrf-token': csrf } }),
    close: () => context.close(),
  };
}

/** Sends requests as the user of the page and gives what comes back, for what a scenario needs before it looks. */
export async function sender(v) {
  const ask = v.context.request;
  const { csrf } = await (await ask.get(v.url + '/api/v1/session')).json();
  return async (method, path, data) => {
    const r = await ask.fetch(v.url + '/api/v1' + path, { method, data, headers: { 'x-csrf-token': csrf } });
    if (!r.ok()) throw new Error(`${method} ${path}: ${r.status()} ${await r.text()}`);
    return r.status() === 204 ? null : r.json();
  };
}

export const launch = () =>
  chromium.launch({
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    args: ['--no-sandbox', '--disable-gpu', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'],
  });

// Resolves when nothing moves any more; what moves for ever (a waiting bar) is not waited for.
const still = `new Promise((done) => { setTimeout(done, 600); requestAnimationFrame(() => requestAnimationFrame(() => Promise.all(document.getAnimations().map((a) => a.finished.catch(() => 0))).then(done))); })`;

/** One way of looking at the app: language, width, theme; with a tally of what was found. */
export async function openView(browser, url, { lang, width, theme }) {
  const phone = width < 760;
  const locale = { en: 'en-IE', de: 'de-DE', lt: 'lt-LT', ru: 'ru-RU' }[lang];
  const context = await browser.newContext({
    viewport: { width, height: phone ? 760 : 800 }, deviceScaleFactor: phone ? 2 : 1, hasTouch: phone, isMobile: phone, locale,
    colorScheme: theme, acceptDownloads: true,
  });
  const page = await context.newPage();
  page.setDefaultTimeout(10_000);
  const errors = [];
  page.on('pageerror', (e) => errors.push(`page error: ${e.message}`));
  page.on('console', (m) => {
    if (m.type() === 'error' && !/status of 4\d\d/.test(m.text())) errors.push(`console: ${m.text()}`);
  });
  const view = { locale, lang, width, theme, phone, page, context, url, t: text(lang), name: `${lang}-${width}-${theme}`, errors, passed: 0, failures: [] };
  view.ok = (claim, what) => {
    if (claim) view.passed++;
    else view.failures.push(what);
    if (!claim) console.log(`  FAILED ${view.name}: ${what}`);
  };
  view.shot = async (what) => {
    const dir = process.env.KONTOR_SHOTS;
    if (!dir) return;
    mkdirSync(dir, { recursive: true });
    await page.waitForTimeout(300);
    await page.screenshot({ path: join(dir, `${what}-${view.name}.png`) });
  };
  view.axe = async (what) => {
    await page.evaluate(still);
    await page.waitForSelector('h1', { state: 'attached', timeout: 10000 }).catch(() => {}); // a page on its way has none; axe tells when it never comes
    if (!(await page.evaluate('!!window.axe'))) await page.evaluate(`(() => { const module = undefined, exports = undefined, define = undefined; ${axeSource} })()`);
    const bad = await page.evaluate(`window.axe.run(document, { resultTypes: ['violations'] })`);
    const found = bad.violations.map((v) => `${v.id} (${v.nodes.length}): ${v.nodes[0].html.slice(0, 160)} ${v.nodes[0].any?.[0]?.message ?? ''}`);
    view.ok(found.length === 0, `axe on ${what}: ${found.join(' | ')}`);
  };
  view.seen = async (locator, what) => view.ok(await locator.first().waitFor({ state: 'visible' }).then(() => true, () => false), what);
  return view;
}

/** The dialog that asks once more who one is. */
export const proof = (v) => v.page.getByRole('dialog').filter({ has: v.page.getByRole('heading', { name: say(v, 'proof.title') }) });
/** The password is the proof, of who has no second factor. */
export async function prove(v, password) {
  await proof(v).getByLabel(say(v, 'account.present'), { exact: true }).fill(password);
  await proof(v).getByRole('button', { name: say(v, 'proof.do'), exact: true }).click();
}

/** The text of a key with its plural form and values, as the app shows it, for looking up buttons by name. */
export function say(view, key, values = {}) {
  const m = view.t[key];
  const s = typeof m === 'string' ? m : (m[new Intl.PluralRules(view.lang).select(values.n ?? 0)] ?? m.other);
  return s.replace(/\{(\w+)\}/g, (all, k) => String(values[k] ?? all));
}
