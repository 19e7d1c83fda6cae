// Backups: none yet, one now with a bar, its proof and its size; who has no right to them sees no page.
import { say } from './lib.mjs';

export const name = 'backups';

export async function run(v) {
  const { page } = v;
  const fits = () => page.evaluate(() => document.documentElement.scrollWidth <= innerWidth);
  await page.goto(`${v.url}/settings/backups`);
  await v.seen(page.getByRole('heading', { level: 1, name: say(v, 'backups.title') }), 'the page of backups');
  await v.seen(page.getByText(say(v, 'backups.daily'), { exact: false }), 'one a day is made without anybody');
  const now = page.getByRole('button', { name: say(v, 'backups.now'), exact: true });
  await now.click();
  const made = page.locator('.tbl tbody tr');
  await v.seen(made, 'the one that was made is listed');
  await v.seen(page.locator('.toast').getByText(/kontor-\d{8}-\d{6}/), 'and told of by its name');
  await v.seen(page.getByText(say(v, 'backups.good'), { exact: true }), 'it can be restored: it was opened, checked and counted');
  v.ok(/kontor-\d{8}-\d{6}/.test(await made.first().innerText()), 'its name is that of its file');
  await v.axe('backups');
  await v.shot('backups');
  v.ok(await fits(), 'the page fits');
  await page.goto(`${v.url}/jobs`);
  await v.seen(page.getByText(say(v, 'jobs.kind.backup'), { exact: true }), 'it stands among the jobs');
}
