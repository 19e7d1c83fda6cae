// The mail server is set and tried; a user is invited, comes in, forgets his password and sets another by the link.
import { createServer } from 'node:net';
import { openView, proof, prove, say, sender } from './lib.mjs';

export const name = 'mail';
const user = { name: 'Ona Žukauskienė', mail: 'ona@test.example', first: 'Laterne und Moos', second: 'Kiesel und Zaun' };
const fits = (page) => page.evaluate(() => document.documentElement.scrollWidth <= innerWidth);

/** A mail server that takes everything; what came to whom. */
async function box() {
  const mails = [];
  const talk = (socket) => {
    let rest = '';
    let mail = null;
    socket.on('error', () => undefined);
    socket.write('220 box ESMTP\r\n');
    socket.on('data', (d) => {
      rest += d;
      for (let at; (at = rest.indexOf('\r\n')) >= 0; rest = rest.slice(at + 2)) {
        const line = rest.slice(0, at);
        if (mail?.open) {
          if (line !== '.') mail.text += line + '\n';
          else { mails.push(mail); mail = null; socket.write('250 2.0.0 queued as E2E\r\n'); }
        } else if (/^RCPT/.test(line)) { mail = { to: /<(.*)>/.exec(line)?.[1], text: '' }; socket.write('250 ok\r\n'); }
        else if (/^DATA/.test(line)) { mail.open = true; socket.write('354 go on\r\n'); }
        else if (/^QUIT/.test(line)) socket.end('221 bye\r\n');
        else socket.write(/^EHLO/.test(line) ? '250-box\r\n250 8BITMIME\r\n' : '250 ok\r\n');
      }
    });
  };
  const server = createServer(talk);
  await new Promise((done) => server.listen(0, '127.0.0.1', done));
  return { mails, port: server.address().port, stop: () => server.close() };
}

const plain = (text) => text.replaceAll('=\n', '').replace(/=([0-9A-F]{2})/g, (_, h) => String.fromCharCode(parseInt(h, 16)));

/** The link in the newest mail to that address, as soon as there are n of them. */
async function linkTo(b, to, n) {
  const link = (m) => /http:\S+\/\w+#[0-9a-f]{64}/.exec(plain(m.text))?.[0];
  for (let i = 0; i < 200; i++) {
    const found = b.mails.filter((m) => m.to === to).map(link).filter(Boolean);
    if (found.length >= n) return found.at(-1);
    await new Promise((r) => setTimeout(r, 50));
  }
  throw new Error(`no mail to ${to}`);
}

export async function run(v) {
  const b = await box();
  const send = await sender(v);
  const w = await openView(v.context.browser(), v.url, v);
  w.ok = v.ok;
  try {
    await sets(v, b);
    await logged(v);
    const { id } = await send('POST', '/user', { name: user.name, mail: user.mail, language: v.lang });
    await invited(v, w, b, id);
    await forgets(w, b);
    await registers(v, w, b);
    await moves(w, b);
    await send('PUT', '/mail/server', { host: '' });
    await w.page.goto(`${w.url}/`);
    await w.seen(w.page.getByText(say(w, 'login.noMail')), 'without mail the log-in says whom to ask');
  } finally {
    v.ok(w.errors.length === 0, w.errors.join(' | '));
    await w.context.close();
    b.stop();
  }
}

async function sets(v, b) {
  const { page } = v;
  const by = (key) => page.getByLabel(say(v, key), { exact: true });
  const save = () => page.getByRole('button', { name: say(v, 'save'), exact: true }).click();
  await page.goto(`${v.url}/settings/mail`);
  await v.seen(page.getByText(say(v, 'mail.notSet')), 'that mail is not set up is told');
  await v.axe('the mail server');
  v.ok(await fits(page), 'the mail server fits');
  await by('mail.host').fill('127.0.0.1');
  await by('mail.security').selectOption('none');
  v.ok((await by('mail.port').inputValue()) === '25', 'the port follows the encryption');
  await by('mail.port').fill(String(b.port));
  await by('mail.from').fill('kontor@nowhere');
  await by('mail.name').fill('Test GmbH');
  await save();
  await v.seen(page.locator('#m-from-e'), 'a wrong address is told at its field');
  await by('mail.from').fill('kontor@test.example');
  await save();
  await v.seen(page.locator('.toast').getByText(say(v, 'mail.saved')), 'the mail server is saved');
  await page.getByRole('button', { name: say(v, 'mail.testDo') }).click();
  await v.seen(page.getByText('250 2.0.0 queued as E2E').first(), 'the answer of the mail server is shown');
  v.ok(b.mails.length === 1 && b.mails[0].to === 'anna@test.example', 'the test came to the administrator');
  await v.axe('the mail server, tried');
  await v.shot('mail-server');
  v.ok(await fits(page), 'the answers fit');
}

async function logged(v) {
  const { page } = v;
  await page.getByRole('tab', { name: say(v, 'mail.log') }).click();
  const row = page.getByRole('listitem').filter({ hasText: say(v, 'mail.kind.test') });
  await v.seen(row.getByText(say(v, 'mail.is.sent')), 'the log has the mail');
  await v.axe('the log of mails');
  await v.shot('mail-log');
  v.ok(await fits(page), 'the log of mails fits');
  await row.getByRole('button').click();
  await v.seen(page.getByRole('dialog').getByText('queued as E2E'), 'and what the server said');
  await v.axe('the answers to a mail');
  await page.keyboard.press('Escape');
}

async function setPassword(w, word) {
  const { page } = w;
  await page.getByLabel(say(w, 'account.fresh'), { exact: true }).fill(word);
  await page.getByLabel(say(w, 'account.again'), { exact: true }).fill(word);
  await page.getByRole('button', { name: say(w, 'link.setDo') }).click();
  await w.seen(page.getByText(say(w, 'link.set')), 'the password is set');
  await page.getByRole('button', { name: say(w, 'forgot.back') }).click();
}

async function logsIn(w, word, mail = user.mail) {
  const { page } = w;
  await page.getByLabel(say(w, 'user.mail'), { exact: true }).fill(mail);
  await page.getByLabel(say(w, 'user.password'), { exact: true }).fill(word);
  await page.getByRole('button', { name: say(w, 'login.do'), exact: true }).click();
}

async function invited(v, w, b, id) {
  await v.page.goto(`${v.url}/user?id=${id}`);
  await v.page.getByRole('button', { name: say(v, 'account.invite'), exact: true }).click();
  await v.seen(v.page.locator('.toast').getByText(say(v, 'account.inviteSent', { name: user.name })), 'a user is invited');
  const link = await linkTo(b, user.mail, 1);
  v.ok(link.startsWith(`${v.url}/password#`), 'the link leads to this Kontor');
  const { page } = w;
  await page.goto(link);
  await w.seen(page.getByRole('heading', { name: say(w, 'link.invite') }), 'the invitation opens');
  w.ok(!page.url().includes('#'), 'the token does not stay in the address');
  await w.axe('an invitation');
  await w.shot('mail-invite');
  w.ok(await fits(page), 'the invitation fits');
  await page.getByLabel(say(w, 'account.fresh'), { exact: true }).fill('passwort1');
  await page.getByLabel(say(w, 'account.again'), { exact: true }).fill('passwort1');
  await page.getByRole('button', { name: say(w, 'link.setDo') }).click();
  await w.seen(page.locator('#l-password-e'), 'a common password is refused at its field');
  await setPassword(w, user.first);
  await logsIn(w, user.first);
  await w.seen(page.getByRole('navigation').first(), 'and he is in');
  await page.goto(link);
  await w.seen(page.getByRole('alert').getByText(say(w, 'link.gone')), 'the link works once');
  await w.context.clearCookies();
}

/** Somebody new, where that is allowed. */
async function registers(v, w, b) {
  const { page } = v;
  await page.goto(`${v.url}/settings/signins?tab=signup`);
  await page.getByLabel(say(v, 'signup.open')).check();
  await page.getByLabel(say(v, 'signup.domains')).fill('test.example, other.example');
  await page.getByRole('button', { name: say(v, 'save'), exact: true }).click();
  await v.seen(page.locator('#s-role-e'), 'a role must be chosen');
  await v.axe('who may register');
  await v.shot('mail-signup-rules');
  v.ok(await fits(page), 'who may register fits');
  await page.getByLabel(say(v, 'signup.role')).selectOption({ index: 2 });
  await page.getByRole('button', { name: say(v, 'save'), exact: true }).click();
  await v.seen(page.locator('.toast').getByText(say(v, 'signup.saved'), { exact: true }), 'registration is open');
  await w.page.goto(w.url);
  await w.page.getByRole('link', { name: say(w, 'signup.link') }).click();
  await w.page.getByLabel(say(w, 'user.name'), { exact: true }).fill('Nora Neu');
  await w.page.getByLabel(say(w, 'user.mail'), { exact: true }).fill('nora.neu@evil.example');
  await w.page.getByRole('button', { name: say(w, 'signup.do') }).click();
  await w.seen(w.page.locator('#r-mail-e'), 'not with any address');
  await w.axe('registration');
  await w.shot('mail-register');
  w.ok(await fits(w.page), 'registration fits');
  await w.page.getByLabel(say(w, 'user.mail'), { exact: true }).fill('nora.neu@test.example');
  await w.page.getByRole('button', { name: say(w, 'signup.do') }).click();
  await w.seen(w.page.getByText(say(w, 'signup.sent', { mail: 'nora.neu@test.example' })), 'a mail is on its way');
  await w.page.goto(await linkTo(b, 'nora.neu@test.example', 1));
  await setPassword(w, user.first);
  await logsIn(w, user.first, 'nora.neu@test.example');
  await w.seen(w.page.getByRole('navigation').first(), 'and the new user is in');
}

/** Another address of one's own. */
async function moves(w, b) {
  const { page } = w;
  await page.goto(`${w.url}/settings/account`);
  await page.getByLabel(say(w, 'address.new')).fill('nora.alt@test.example');
  await page.getByRole('button', { name: say(w, 'address.do') }).click();
  await prove(w, 'falsch-falsch');
  await w.seen(proof(w).getByRole('alert'), 'not without the password');
  await prove(w, user.first);
  await w.seen(page.getByText(say(w, 'address.sent', { mail: 'nora.alt@test.example' })), 'a link goes to the new address');
  await w.axe('another address');
  w.ok(await fits(page), 'my account fits still');
  await page.goto(await linkTo(b, 'nora.alt@test.example', 1));
  await page.getByRole('button', { name: say(w, 'address.take') }).click();
  await w.seen(page.getByText(say(w, 'address.taken')), 'it is taken');
  await w.context.clearCookies();
}

async function forgets(w, b) {
  const { page } = w;
  await page.goto(w.url);
  await page.getByRole('link', { name: say(w, 'login.forgot') }).click();
  await page.getByLabel(say(w, 'user.mail'), { exact: true }).fill('ona');
  await page.getByRole('button', { name: say(w, 'forgot.do') }).click();
  await w.seen(page.locator('#forgot-e'), 'what is no address is told');
  await w.axe('a forgotten password');
  await w.shot('mail-forgot');
  w.ok(await fits(page), 'a forgotten password fits');
  await page.getByLabel(say(w, 'user.mail'), { exact: true }).fill(user.mail);
  await page.getByRole('button', { name: say(w, 'forgot.do') }).click();
  await w.seen(page.getByText(say(w, 'forgot.sent', { mail: user.mail })), 'a link is on its way');
  const link = await linkTo(b, user.mail, 2);
  await page.goto(link);
  await w.seen(page.getByRole('heading', { name: say(w, 'link.reset') }), 'a new password can be set');
  await w.axe('a new password');
  await setPassword(w, user.second);
  await logsIn(w, user.first);
  await w.seen(page.getByText(say(w, 'login.wrong')), 'the old one is good no more');
  await logsIn(w, user.second);
  await w.seen(page.getByRole('navigation').first(), 'the new one is');
  await w.context.clearCookies();
}
