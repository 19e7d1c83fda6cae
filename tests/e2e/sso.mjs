// Single sign-on: a provider is described and tried; somebody comes in by its button and gets the role of his group; whatever
// is not the provider's own fresh word for this browser stays out (D17).
import { openView, say, sender } from './lib.mjs';

export const name = 'single sign-on';
const { OAuth2Server } = await import(new URL('../../web/node_modules/oauth2-mock-server/dist/index.mjs', import.meta.url).href);
const ada = { sub: 'ada-1', name: 'Ada Anders', email: 'ada@firma.example', email_verified: true };

/** A provider on loopback with a key of its own; `twist` changes what it says next. */
async function provider(port) {
  const s = new OAuth2Server();
  const p = { groups: [], token: null, answer: null, back: null, stop: () => s.stop() };
  s.issuer.url = `http://127.0.0.1:${port}`;
  await s.issuer.keys.generate('RS256');
  s.service.on('beforeTokenSigning', (t) => {
    Object.assign(t.payload, ada, { groups: p.groups });
    p.token?.(t);
  });
  s.service.on('beforeResponse', (r) => p.answer?.(r));
  s.service.on('beforeAuthorizeRedirect', (r) => p.back?.(r.url));
  await s.start(port, '127.0.0.1');
  return p;
}

const part = (token, n) => JSON.parse(Buffer.from(token.split('.')[n], 'base64url').toString());
const pack = (x) => Buffer.from(JSON.stringify(x)).toString('base64url');
const now = () => Math.floor(Date.now() / 1000);
const rebuilt = (change) => (r) => {
  r.body.id_token = change(r.body.id_token);
};

/** What must not be taken: how the provider, or who sits between, twists it. */
const twists = [
  ['another nonce', { token: (t) => (t.payload.nonce = 'x') }, 'token'],
  ['for somebody else', { token: (t) => (t.payload.aud = 'other') }, 'token'],
  ['run out', { token: (t) => Object.assign(t.payload, { iat: now() - 600, exp: now() - 300 }) }, 'token'],
  ['of another issuer', { token: (t) => (t.payload.iss = 'https://evil.example') }, 'token'],
  ['without a signature', { answer: rebuilt((t) => `${pack({ alg: 'none' })}.${t.split('.')[1]}.`) }, 'token'],
  ['signed for another', { answer: rebuilt((t) => `${t.split('.')[0]}.${pack({ ...part(t, 1), sub: 'boss' })}.${t.split('.')[2]}`) }, 'token'],
  ['another state', { back: (u) => u.searchParams.set('state', '0'.repeat(64)) }, 'state'],
  ['no state', { back: (u) => u.searchParams.delete('state') }, 'state'],
  ['refused there', { back: (u) => (u.searchParams.delete('code'), u.searchParams.set('error', 'access_denied')) }, 'refused'],
];

export async function run(v, server) {
  if (!server.idp) return; // a server of somebody else's that may not call us
  const send = await sender(v);
  const role = await send('POST', '/role', { name: 'Vertrieb', rights: { person: { see: 'all' } } });
  let p = await provider(server.idp);
  const w = await openView(v.context.browser(), v.url, v);
  w.ok = v.ok;
  try {
    await described(v, server, role.id);
    await directory(v);
    await comesIn(w, p);
    v.ok((await rolesOf(send)).includes(role.id), 'the role of the group is given');
    await staysOut(w, p);
    p.groups = [];
    await p.stop();
    p = await provider(server.idp); // with another key
    await enters(w);
    v.ok(!(await rolesOf(send)).includes(role.id), 'with the group the role is gone');
    await leaves(v, w, server.idp);
  } finally {
    v.ok(w.errors.length === 0, w.errors.join(' | '));
    await w.context.close();
    await p.stop();
  }
}

async function rolesOf(send) {
  const found = (await send('GET', `/user?filter=${encodeURIComponent(JSON.stringify({ field: 'mail', op: 'eq', value: ada.email }))}&fields=roles`)).data;
  return (found[0]?.roles ?? []).map((r) => r.id);
}

/** The administrator describes it, and tries it. */
async function described(v, server, role) {
  const { page } = v;
  const by = (key, values) => page.getByRole('dialog').getByLabel(say(v, key, values), { exact: true });
  await page.goto(`${v.url}/settings/signins?tab=idps`);
  await v.seen(page.getByText(say(v, 'idp.none')), 'there is no provider yet');
  await page.getByRole('button', { name: say(v, 'idp.new'), exact: true }).click();
  await by('idp.name').fill('Haus-Login');
  await by('idp.issuer').fill('https://169.254.169.254/latest');
  await by('idp.client').fill('kontor');
  await page.getByRole('button', { name: say(v, 'idp.make'), exact: true }).click();
  await v.seen(page.getByRole('dialog').getByRole('alert'), 'an address inside is refused at its field');
  await by('idp.issuer').fill(`http://127.0.0.1:${server.idp}`);
  await by('idp.secret').fill('geheim');
  await page.getByLabel(say(v, 'idp.creates'), { exact: true }).check();
  await page.getByLabel(say(v, 'idp.logout'), { exact: true }).check();
  await page.getByRole('button', { name: say(v, 'idp.groupAdd'), exact: true }).click();
  await by('idp.group', { n: 1 }).fill('sales');
  await by('idp.groupRole', { n: 1 }).selectOption(role);
  await v.axe('a new provider');
  await v.shot('sso-form');
  await page.getByRole('button', { name: say(v, 'idp.make'), exact: true }).click();
  const back = page.getByRole('dialog').getByLabel(say(v, 'idp.back'), { exact: true });
  v.ok(/\/api\/v1\/sso\/\d+\/callback$/.test(await back.inputValue()), 'the address to come back to is told');
  await v.axe('the address to come back to');
  await v.shot('sso-back');
  await page.getByRole('button', { name: say(v, 'idp.backDone'), exact: true }).click();
  await page.getByRole('button', { name: say(v, 'idp.tryOf', { name: 'Haus-Login' }), exact: true }).click();
  await v.seen(page.getByText(say(v, 'idp.tryGood', { name: 'Haus-Login', n: 1 })), 'it answers');
  await v.axe('the list of providers');
  await v.shot('sso-list');
  v.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), 'nothing is cut off');
}

/** A directory's form: what it asks for, and an address inside that nobody has named. */
async function directory(v) {
  const { page } = v;
  const box = page.getByRole('dialog');
  await page.getByRole('button', { name: say(v, 'idp.new'), exact: true }).click();
  await box.getByLabel(say(v, 'idp.kind'), { exact: true }).selectOption('ldap');
  await box.getByLabel(say(v, 'idp.name'), { exact: true }).fill('Verzeichnis');
  await box.getByLabel(say(v, 'idp.url'), { exact: true }).fill('ldaps://10.1.2.3');
  await box.getByLabel(say(v, 'idp.base'), { exact: true }).fill('dc=firma,dc=lan');
  await page.getByRole('button', { name: say(v, 'idp.make'), exact: true }).click();
  await v.seen(box.getByRole('alert'), 'a directory inside must be named by the server\'s settings');
  await v.axe('a new directory');
  await v.shot('sso-directory');
  await box.getByRole('button', { name: say(v, 'cancel'), exact: true }).click();
}

const button = (w) => w.page.getByRole('button', { name: say(w, 'sso.with', { name: 'Haus-Login' }), exact: true });
const inside = (w) => w.page.waitForResponse((r) => r.url().endsWith('/api/v1/meta') && r.ok());

/** From the log-in page to the first page of the app. */
async function enters(w) {
  await w.page.goto(w.url);
  await button(w).waitFor();
  await Promise.all([inside(w), button(w).click()]);
}

async function comesIn(w, p) {
  p.groups = ['sales', 'other'];
  await w.page.goto(w.url);
  await w.seen(button(w), 'the log-in page has its button');
  await w.axe('log-in with a provider');
  await w.shot('sso-login');
  const callback = w.page.waitForRequest((r) => r.url().includes('/callback?'));
  await Promise.all([inside(w), button(w).click()]);
  const used = (await callback).url();
  const { user } = await (await w.context.request.get(w.url + '/api/v1/session')).json();
  w.ok(user.name === ada.name && user.mail === ada.email, 'somebody comes in by the button, with the name the provider tells');
  w.ok(!w.page.url().includes('code='), 'the code stands in no address any more');
  await w.context.clearCookies({ name: 'kontor' });
  await w.page.goto(used);
  await w.seen(w.page.getByText(say(w, 'sso.why.state')), 'the same code does not work twice');
  await w.axe('a log-in that was refused');
  await w.shot('sso-refused');
}

async function staysOut(w, p) {
  for (const [what, twist, why] of twists) {
    Object.assign(p, { token: null, answer: null, back: null }, twist);
    await w.page.goto(w.url);
    await button(w).click();
    await w.seen(w.page.getByText(say(w, `sso.why.${why}`)), `${what}: refused, and told`);
    w.ok((await w.context.request.get(w.url + '/api/v1/session')).status() === 401, `${what}: no session`);
  }
  Object.assign(p, { token: null, answer: null, back: null });
}

/** Log-out ends our session, and the one there; a user who was ended stays out; without the provider there is no button. */
async function leaves(v, w, port) {
  const send = await sender(v);
  const mine = await (await w.context.request.get(w.url + '/api/v1/session')).json();
  await w.page.getByRole('button', { name: w.phone ? say(w, 'nav.more') : say(w, 'nav.me', { name: mine.user.name }) }).click();
  const [there] = await Promise.all([w.page.waitForRequest((r) => r.url().startsWith(`http://127.0.0.1:${port}/endsession?`)), w.page.getByRole('menuitem', { name: say(w, 'logout'), exact: true }).click()]);
  const told = new URL(there.url()).searchParams;
  w.ok(told.get('client_id') === 'kontor' && told.get('id_token_hint')?.split('.').length === 3 && told.get('post_logout_redirect_uri') === `${w.url}/login`, 'log-out goes on to the provider, with the word that he came by');
  await button(w).waitFor();
  w.ok((await w.context.request.get(w.url + '/api/v1/session')).status() === 401, 'and back, and the session is over');
  await send('POST', `/account/${mine.user.id}/end`);
  await w.page.goto(w.url);
  await button(w).click();
  await w.seen(w.page.getByText(say(w, 'sso.why.ended')), 'who was ended here stays out');
  await v.page.getByRole('button', { name: say(v, 'idp.endOf', { name: 'Haus-Login' }), exact: true }).click();
  await v.page.getByRole('dialog').getByRole('button', { name: say(v, 'idp.end'), exact: true }).click();
  await v.seen(v.page.getByText(say(v, 'idp.none')), 'an ended provider is gone');
  await w.page.goto(w.url);
  await w.page.getByRole('button', { name: say(w, 'login.do'), exact: true }).waitFor();
  w.ok((await (await w.context.request.get(w.url + '/api/v1/door')).json()).sso.length === 0, 'and so is its button');
}
