// The page of jobs: a real search for duplicates with its result; what runs and what failed, as the server would tell it.
import { say, sender } from './lib.mjs';

export const name = 'jobs';

export async function run(v) {
  const { page } = v;
  const send = await sender(v);
  await page.goto(`${v.url}/jobs`);
  await page.getByRole('heading', { level: 1, name: say(v, 'jobs.title') }).waitFor();
  await send('POST', '/person/duplicates/scan', { min: 95 });
  const row = page.getByRole('listitem').filter({ hasText: say(v, 'jobs.kind.duplicates') }).first();
  await v.seen(row.getByText(say(v, 'jobs.done'), { exact: true }), 'a job that begins elsewhere shows itself, and that it is done');
  await row.locator('summary').focus();
  await page.keyboard.press('Enter');
  await v.seen(row.getByText(say(v, 'jobs.did.pairs', { n: '' }).trim()), 'its result is told');
  await v.axe('the jobs');
  await v.shot('jobs');
  v.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), 'nothing is cut off');
  await others(v, send);
}

// A job that runs long enough to be looked at, and one that fails, do not come by asking: the list is told as if they were there.
async function others(v, send) {
  const { page } = v;
  const asked = [];
  const { id } = (await send('GET', '/session')).user;
  const at = new Date().toISOString();
  const jobs = [
    { id: '7001', kind: 'import_run', state: 'running', done: 1200, total: 3232, error: null, by: id, may: true, at },
    { id: '7002', kind: 'undo', state: 'failed', done: 0, total: 0, error: 'Die Platte ist voll', by: id, may: true, at },
    { id: '7003', kind: 'import_run', state: 'running', done: 0, total: 0, error: null, by: null, may: false, at },
  ];
  await page.route('**/api/v1/job?*', (r) => r.fulfill({ json: { data: jobs, next: null } }));
  await page.route('**/api/v1/job', (r) => r.fulfill({ json: { data: jobs, next: null } }));
  await page.route('**/api/v1/job/700*', (r) => {
    asked.push(`${r.request().method()} ${new URL(r.request().url()).pathname.slice(7)}`);
    return r.fulfill(r.request().method() === 'DELETE' ? { status: 204 } : { status: 202, json: { job: '7002' } });
  });
  await page.route('**/api/v1/job/700*/retry', (r) => {
    asked.push('retry');
    return r.fulfill({ status: 202, json: { job: '7002' } });
  });
  await page.reload();
  const bar = page.getByRole('progressbar', { name: say(v, 'jobs.kind.import_run') }).first();
  await v.seen(bar, 'a running job has a bar');
  v.ok((await bar.getAttribute('aria-valuenow')) === '37', 'that tells how far it is');
  v.ok((await page.getByRole('button', { name: say(v, 'jobs.cancelOf', { title: say(v, 'jobs.kind.import_run') }) }).count()) === 1, 'only what one may cancel can be cancelled');
  await v.axe('running and failed jobs');
  await v.shot('jobs-running');
  v.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), 'nothing is cut off beside the bar');
  await page.getByRole('button', { name: say(v, 'jobs.cancelOf', { title: say(v, 'jobs.kind.import_run') }) }).click();
  await v.seen(page.locator('.toast').getByText(say(v, 'jobs.stopped')), 'cancelling is answered');
  await page.getByRole('button', { name: say(v, 'jobs.retryOf', { title: say(v, 'jobs.kind.undo') }) }).click();
  await v.seen(page.locator('.toast').getByText(say(v, 'jobs.again')), 'and so is the next try');
  v.ok(asked.join(', ') === 'DELETE /job/7001, retry', `the server was asked for both (${asked.join(', ')})`);
  await page.unrouteAll({ behavior: 'wait' });
}
