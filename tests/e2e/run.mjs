// Runs the scenarios in eight views, pairwise over language, width and theme, each view on a server of its own. A scenario
// is in four of them: in each language, and in each width with each theme; KONTOR_ALL=1 (./dev e2e) runs all in all.
//   KONTOR_URL   a running server (then the views share it)     KONTOR_BIN    the program, else build/kontor
//   KONTOR_SHOTS a folder for pictures                           KONTOR_VIEWS  only views whose name contains this
import { launch, openView, startServer } from './lib.mjs';
import * as card from './card.mjs';
import * as clash from './clash.mjs';
import * as importing from './import.mjs';
import * as columns from './columns.mjs';
import * as dups from './dups.mjs';
import * as keys from './keys.mjs';
import * as factor from './factor.mjs';
import * as fields from './fields.mjs';
import * as roles from './roles.mjs';
import * as filters from './filters.mjs';
import * as finding from './finding.mjs';
import * as hooks from './hooks.mjs';
import * as jobs from './jobs.mjs';
import * as keyboard from './keyboard.mjs';
import * as mass from './mass.mjs';
import * as live from './live.mjs';
import * as passkey from './passkey.mjs';
import * as past from './past.mjs';
import * as person from './person.mjs';
import * as phone from './phone.mjs';
import * as photo from './photo.mjs';
import * as mail from './mail.mjs';
import * as sharing from './sharing.mjs';
import * as signins from './signins.mjs';
import * as sso from './sso.mjs';
import * as sync from './sync.mjs';
import * as hostile from './hostile.mjs';
import * as talk from './talk.mjs';
import * as backups from './backups.mjs';
import * as team from './team.mjs';
import * as tree from './tree.mjs';
import * as privacy from './privacy.mjs';
import * as retention from './retention.mjs';
import * as setup from './setup.mjs';
import * as trades from './trades.mjs';
import * as trash from './trash.mjs';
import * as upload from './upload.mjs';
import * as usage from './usage.mjs';

const views = [
  ['de', 1280, 'light'], ['de', 360, 'dark'], ['lt', 1280, 'dark'], ['lt', 360, 'light'], ['ru', 1280, 'light'], ['ru', 360, 'dark'], ['en', 1280, 'dark'], ['en', 360, 'light'],
].map(([lang, width, theme]) => ({ lang, width, theme }));
const only = process.env.KONTOR_VIEWS ?? '';
const half = (lang, width) => (['de', 'en'].includes(lang) === (width === 1280) ? 0 : 1);
const scenes = (process.env.KONTOR_SCENES ?? '').split(',').filter(Boolean); // some of them, by name: set up comes first, whatever is chosen
const browser = await launch();
let passed = 0;
let failed = 0;

async function look(how) {
  const server = await startServer();
  const v = await openView(browser, server.url, how);
  const from = Date.now();
  for (const [at, s] of [setup, trash, card, clash, live, finding, dups, importing, jobs, past, columns, filters, fields, roles, photo, person, phone, talk, team, backups, tree, keys, hooks, sync, signins, sso, factor, passkey, mass, mail, privacy, retention, sharing, usage, upload, hostile, keyboard, trades].entries()) {
    const wanted = scenes.length ? scenes.includes(s.name) : process.env.KONTOR_ALL || at % 2 === half(how.lang, how.width);
    if (s !== setup && !wanted) continue;
    try {
      await s.run(v, server);
    } catch (e) {
      v.ok(false, `${s.name}: ${String(e.message).split('\n').slice(0, 4).join(' ')}`);
      await v.shot(`failed-${s.name.replaceAll(' ', '-')}`).catch(() => undefined);
    }
  }
  v.ok(v.errors.length === 0, v.errors.slice(0, 5).join(' | '));
  console.log(`${v.name}: ${v.passed} passed, ${v.failures.length} failed, ${Math.round((Date.now() - from) / 1000)} s`);
  passed += v.passed;
  failed += v.failures.length;
  await v.context.close();
  await server.stop();
}

// A server of its own for each view lets them run side by side; a given one is shared in turn.
const waiting = views.filter((x) => `${x.lang}-${x.width}-${x.theme}`.includes(only));
const hands = process.env.KONTOR_URL ? 1 : Number(process.env.KONTOR_HANDS ?? 2);
await Promise.all(
  Array.from({ length: hands }, async () => {
    for (let how = waiting.shift(); how; how = waiting.shift()) await look(how);
  }),
);
await browser.close();
console.log(`e2e: ${passed} passed, ${failed} failed`);
process.exit(failed ? 1 : 0);
