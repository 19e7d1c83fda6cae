// The list as it was: asked for by keyboard, told, to read alone; what is too much for one request is made by a job.
import { say, sender } from './lib.mjs';

export const name = 'a list as it was';

export async function run(v) {
  const send = await sender(v);
  const made = await send('POST', '/person', { name: 'Vera Vorher', job_title: 'Lehrling' });
  const { changed_at: then } = await send('GET', `/person/${made.id}`);
  await send('PATCH', `/person/${made.id}`, { name: 'Vera Nachher', job_title: 'Meisterin', version: made.version });
  await asked(v);
  await shown(v, then);
  await byJob(v, then);
}

async function asked(v) {
  const { page } = v;
  await page.goto(`${v.url}/person?q=Vera`);
  await page.getByRole('row', { name: /Vera Nachher/ }).waitFor();
  const button = page.getByRole('button', { name: say(v, 'list.asOf'), exact: true });
  await button.focus();
  await page.keyboard.press('Enter');
  const input = page.getByLabel(say(v, 'list.asOfWhen'), { exact: true });
  await v.seen(input, 'a moment can be asked for');
  v.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), 'nothing is cut off beside it');
  await input.fill('2020-01-01T00:00');
  await page.keyboard.press('Enter');
  await v.seen(page.getByText(say(v, 'list.pastNone')), 'long ago nobody was here');
  await v.axe('an empty list of the past');
  v.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), 'nothing is cut off in the past');
  await page.locator('.past').getByRole('button', { name: say(v, 'history.today'), exact: true }).click();
  await v.seen(page.getByRole('row', { name: /Vera Nachher/ }), 'and back to today');
  v.ok(await button.evaluate((e) => e === document.activeElement), 'with the focus where it began');
}

async function shown(v, then) {
  const { page } = v;
  await page.goto(`${v.url}/person?at=${encodeURIComponent(then)}`);
  const row = page.getByRole('row', { name: /Vera Vorher/ });
  await v.seen(row, 'the list shows the name of then');
  v.ok((await page.getByRole('row', { name: /Vera Nachher/ }).count()) === 0, 'and not that of today');
  await v.seen(page.locator('.past [role=status]').getByText(/\d/), 'it says that one looks at the past');
  v.ok(await page.getByPlaceholder(say(v, 'list.pastSearch')).isDisabled(), 'the search is off');
  v.ok((await page.getByRole('button', { name: say(v, 'export'), exact: true }).count()) === 0, 'nothing is exported that is not there');
  v.ok((await page.locator('.list input[type=checkbox]:enabled').count()) === 0, 'nothing can be picked');
  await row.click();
  const panel = page.locator('section.panel');
  await v.seen(panel.getByText('Lehrling', { exact: true }), 'the card is that of then');
  v.ok((await panel.locator('[data-field=job_title] button').count()) === 0, 'and cannot be edited');
  await v.axe('a card of the past');
  await v.shot('past-card');
  await page.keyboard.press('Escape');
  await panel.waitFor({ state: 'detached' });
  await v.axe('a list of the past');
  await v.shot('past-list');
}

// More changes than one request takes do not come by asking: the first answer is told as if they were there, the job is real.
async function byJob(v, then) {
  const { page } = v;
  let told = 0;
  await page.route('**/api/v1/person?*at=*', (r) => {
    told++;
    return r.fulfill({ status: 413, contentType: 'application/problem+json', json: { title: 'limit', status: 413, code: 'limit', detail: 'x' } });
  });
  let asked = 0;
  let hold = true;
  await page.route('**/api/v1/job/*', async (r) => {
    if (r.request().method() !== 'GET' || !hold) return r.continue();
    asked++;
    return r.fulfill({ json: { id: '1', kind: 'as_of', state: 'running', done: 30_000, total: 60_000, result: null, error: null } });
  });
  await page.goto(`${v.url}/person?at=${encodeURIComponent(then)}&sort=name`);
  await v.seen(page.locator('[role=progressbar][aria-valuenow="50"]'), 'a list that takes long tells how far it is');
  await v.axe('a list being made');
  await v.shot('past-job');
  hold = false;
  await v.seen(page.getByRole('row', { name: /Vera Vorher/ }), 'then it comes');
  v.ok(told === 1 && asked > 0, `it was refused once and made by a job (${told}, ${asked})`);
  await page.getByText(say(v, 'list.past', { when: '' }).split(':')[0]).first().waitFor();
  await page.unrouteAll({ behavior: 'wait' });
}
