// Set-up by token, refused password, log-out and log-in again.
import { readFileSync } from 'node:fs';
import { admin, say } from './lib.mjs';

export const name = 'set-up and log-in';

export async function run(v, server) {
  const { page } = v;
  const by = (key) => page.getByLabel(say(v, key), { exact: true });
  await page.goto(`${v.url}/?token=${encodeURIComponent(server.token)}`);
  await by('setup.firm').or(by('user.password')).first().waitFor();
  if (await by('setup.firm').count()) await setUp(v, by);
  else await logIn(v, by);
  await v.seen(page.getByRole('navigation'), 'the list comes after the door');
  await v.shot('empty');
  await v.axe('the first list');
  if (server.pid) v.ok(heldKiB(server.pid) < 100 * 1024, `the program holds less than 100 MB: ${heldKiB(server.pid)} KiB`);
  if (!v.phone) await logOutAndIn(v, by);
}

/** What lies in memory of a process, all of it. */
const heldKiB = (pid) => Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))[1]);

async function setUp(v, by) {
  const { page } = v;
  await page.getByRole('button', { name: say(v, 'setup.do') }).click();
  await v.seen(page.getByText(say(v, 'field.required')), 'empty fields are named');
  await by('setup.firm').fill(admin.firm);
  await by('setup.country').selectOption('DE');
  await by('setup.currency').selectOption('EUR');
  await by('user.name').fill(admin.name);
  await by('user.mail').fill(admin.mail);
  await by('user.password').fill('passwort1');
  await page.getByRole('button', { name: say(v, 'setup.do') }).click();
  await v.seen(page.locator('#s-password-e'), 'a common password is refused at its field');
  await v.axe('set-up');
  await v.shot('setup');
  await by('user.password').fill(admin.password);
  await page.getByRole('button', { name: say(v, 'setup.do') }).click();
  await by('setup.firm').waitFor({ state: 'detached' });
}

export async function logIn(v, by, password = admin.password) {
  await by('user.mail').fill(admin.mail);
  await by('user.password').fill(password);
  await v.page.getByRole('button', { name: say(v, 'login.do'), exact: true }).click();
}

async function logOutAndIn(v, by) {
  const { page } = v;
  await page.getByRole('button', { name: say(v, 'nav.me', { name: admin.name }) }).click();
  await page.getByRole('menuitem', { name: say(v, 'logout') }).click();
  await by('user.password').waitFor();
  await v.axe('log-in');
  await v.shot('login');
  await logIn(v, by, 'falsch-falsch');
  await v.seen(page.getByText(say(v, 'login.wrong')), 'a wrong password is told');
  await logIn(v, by);
  await v.seen(page.getByRole('navigation').first(), 'log-in works');
}
