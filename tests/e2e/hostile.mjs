// B01, B02, B06, B07, B09: what others write into names, texts, labels and addresses is shown, and does nothing.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { sender } from './lib.mjs';

export const name = 'hostile texts';

const web = createRequire(new URL('../../web/package.json', import.meta.url));
// Some 460 strings that broke somebody's program (big-list-of-naughty-strings, MIT), and what is tried with HTML and Markdown.
const naughty = JSON.parse(readFileSync(web.resolve('big-list-of-naughty-strings/blns.json'), 'utf8'));
const own = [
  '<script>alert(1)</script>', '"><script>alert(1)</script>', '</script><script>alert(1)</script>', '</textarea><script>alert(1)</script>', '<img src=x onerror=alert(1)>', "<img src='x' onerror='alert(1)'>",
  '<svg onload=alert(1)>', '<svg><script>alert(1)</script></svg>', '<svg><animate onbegin=alert(1) attributeName=x dur=1s>', '<svg><a xlink:href="javascript:alert(1)"><text x=20 y=20>x</text></a></svg>',
  '<math><mtext><table><mglyph><style><!--</style><img title="--&gt;&lt;img src=1 onerror=alert(1)&gt;">', '<math><mi xlink:href="javascript:alert(1)">x</mi></math>',
  '<form><math><mtext></form><form><mglyph><style></math><img src onerror=alert(1)>', '<noscript><p title="</noscript><img src=x onerror=alert(1)>">', '<iframe srcdoc="<script>parent.alert(1)</script>"></iframe>',
  '<iframe src="javascript:alert(1)"></iframe>', '<object data="javascript:alert(1)"></object>', '<embed src="javascript:alert(1)">', '<body onload=alert(1)>', '<input autofocus onfocus=alert(1)>',
  '<details open ontoggle=alert(1)>x</details>', '<video><source onerror=alert(1)></video>', '<audio src=x onerror=alert(1)>', '<marquee onstart=alert(1)>x</marquee>', '<a href="javascript:alert(1)">x</a>',
  '<a href="java\tscript:alert(1)">x</a>', '<a href="&#106;&#97;&#118;&#97;script:alert(1)">x</a>', '<a href=" javascript:alert(1)">x</a>', '<a href="data:text/html,<script>alert(1)</script>">x</a>',
  '<a href="vbscript:alert(1)">x</a>', '<base href="https://evil.example/">', '<meta http-equiv="refresh" content="0;url=https://evil.example/">', '<link rel=stylesheet href="https://evil.example/x.css">',
  '<style>@import "https://evil.example/x.css";</style>', '<style>*{position:fixed;inset:0}</style>', '<div style="position:fixed;inset:0;background:url(https://evil.example/x)">x</div>',
  '<p style="background-image:url(https://evil.example/y)">x</p>', '<img src="https://evil.example/pixel">', '![pixel](https://evil.example/pixel)', '[x](javascript:alert(1))', '[x](<javascript:alert(1)>)',
  '[x](data:text/html;base64,PHNjcmlwdD5hbGVydCgxKTwvc2NyaXB0Pg==)', '![x](x"onerror="alert(1))', '[a]: javascript:alert(1)\n\n[a]', '<javascript:alert(1)>', '`<img src=x onerror=alert(1)>`', '**<b onmouseover=alert(1)>x</b>**',
  '{{constructor.constructor("alert(1)")()}}', '${alert(1)}', '#{alert(1)}', '<%= alert(1) %>', '{{7*7}}', "';alert(1);'", '"-alert(1)-"', '\u2028alert(1)\u2029', '<!--<img src="--><img src=x onerror=alert(1)>',
  '<![CDATA[<script>alert(1)</script>]]>', '<?xml-stylesheet href="javascript:alert(1)"?>', '<template><script>alert(1)</script></template>', '<select><option><style></option></select><img src=x onerror=alert(1)></style>',
  '<xmp><img src=x onerror=alert(1)></xmp>', '<plaintext><script>alert(1)</script>', '<x onclick=alert(1)>x</x>', '<b id=__proto__ name=cookie>x</b>', '\u202Egpj.exe', 'a'.repeat(500), '> '.repeat(150) + 'x', '[' .repeat(190),
];
const usable = (s) => s.trim() && !/[\u0000-\u001F\u007F]/.test(s);
const cut = (s, n) => [...s].slice(0, n).join('').trim();

export async function run(v) {
  const { page, context } = v;
  const seen = { asked: [], said: [] };
  await context.addInitScript(() => {
    for (const f of ['alert', 'confirm', 'prompt', 'print']) window[f] = () => void (window.__ran = f);
  });
  const asked = (r) => void (r.url().startsWith(v.url) || /^(data|blob):/.test(r.url()) || seen.asked.push(r.url()));
  const said = (d) => void (seen.said.push(d.message()), d.dismiss());
  page.on('request', asked);
  page.on('dialog', said);
  const send = await sender(v);
  const all = [...own, ...naughty.filter(usable)];
  const made = await people(v, send, all);
  await pages(v, send, made, seen);
  await markup(v, send, all);
  page.off('request', asked);
  page.off('dialog', said);
  for (const id of made) await send('DELETE', `/person/${id}`).catch(() => undefined);
}

/** A person for each text, which is his name and his note; those whose name nobody may have are refused, not broken. */
async function people(v, send, all) {
  const ids = [];
  const items = all.map((s) => ({ op: 'create', values: { name: cut(s, 200), note: s, job_title: cut(s, 100), tags: [cut(s, 30)] } }));
  let faults = 0;
  for (let i = 0; i < items.length; i += 200) {
    const { data } = await send('POST', '/person/bulk', { items: items.slice(i, i + 200) });
    faults += data.filter((d) => d.status >= 500).length;
    ids.push(...data.flatMap((d) => d.id ?? []));
  }
  v.ok(faults === 0 && ids.length > all.length / 2, `hostile names are taken or refused (${ids.length} of ${all.length})`);
  return ids;
}

async function quiet(v, seen, what) {
  const ran = await v.page.evaluate(() => [window.__ran, document.documentElement.scrollWidth <= innerWidth, document.querySelectorAll('main script, main iframe, main object, main base, main style, main [onerror], main [onclick], main [onload]').length]);
  v.ok(ran[0] === undefined && !seen.said.length, `${what}: no script ran (${ran[0]} ${seen.said})`);
  v.ok(!seen.asked.length, `${what}: nobody else was asked (${seen.asked.slice(0, 3)})`);
  v.ok(ran[1], `${what}: no wider than its window`);
  v.ok(ran[2] === 0, `${what}: no element came in (${ran[2]})`);
}

async function pages(v, send, made, seen) {
  const { page } = v;
  const x = '<img src=x onerror=alert(1)>';
  const team = await send('POST', '/team', { name: x });
  const role = await send('POST', '/role', { name: x, rights: { '*': { see: 'own' } } });
  const group = await send('POST', '/group', { name: x });
  const label = { en: x, de: x, lt: x, ru: x };
  const { name: field } = await send('POST', '/meta/field', { entity: 'person', kind: 'text', label, help: label });
  const hook = await send('POST', '/hook', { name: x, url: 'https://hooks.example/', ops: ['create'] });
  const [id] = made;
  const note = own.map((s) => s.replaceAll('\n', ' ')).join('\n\n');
  await send('PATCH', `/person/${id}`, { note, [field]: x });
  await send('POST', '/interaction', { kind: 'note', subject: x, text: note, person: id });
  await send('POST', '/task', { subject: x, text: note, person: id }).catch(() => null);
  const visits = [
    '/person?sort=name', '/person?q=' + encodeURIComponent(x), `/person?id=${id}`, ...made.filter((_, i) => i % 130 === 5).map((m) => `/person?id=${m}`), '/interaction', '/pending', '/group', '/settings/roles',
    `/settings/roles?of=${role.id}`, '/settings/fields', '/settings/hooks', '/settings/users', '/trash', `/nosuch/${encodeURIComponent(x)}`, `/?error=${encodeURIComponent(x)}&message=${encodeURIComponent(x)}&color=red}</style>`, '/login?next=//evil.example',
  ];
  for (const path of visits) {
    await page.goto(v.url + path);
    await page.locator('h1').first().waitFor({ state: 'attached' });
    await page.waitForTimeout(250); // for what would run by itself
    if (path === `/person?id=${id}`) {
      await v.seen(page.locator('.rich').getByText('${alert(1)}'), 'a note with markup is shown');
      await v.axe('a card full of markup');
      await v.shot('hostile');
    }
    await quiet(v, seen, path.slice(0, 60));
  }
  await page.goto(`${v.url}/person?id=${id}`);
  await v.seen(page.locator('.rich a'), 'and its links are links');
  const links = await page.locator('.rich a').evaluateAll((all) => all.map((a) => [a.protocol, a.rel]));
  v.ok(links.length > 0 && links.every(([p, rel]) => ['http:', 'https:', 'mailto:', 'tel:'].includes(p) && rel.includes('noopener')), `links lead outside only (${JSON.stringify(links.slice(0, 3))})`);
  await send('DELETE', `/meta/field/person/${field}`);
  for (const [e, r] of [['team', team], ['role', role], ['group', group]]) await send('DELETE', `/${e}/${r.id}`);
  await send('DELETE', `/hook/${hook.id}`);
}

/** The server's HTML in a page without any policy: what it lets through would run here. */
async function markup(v, send, all) {
  const bare = await v.context.newPage();
  const asked = [];
  bare.on('request', (r) => void asked.push(r.url()));
  let ran = 0;
  for (let i = 0; i < all.length; i += 100) {
    const { html } = await send('POST', '/markup', { texts: all.slice(i, i + 100) });
    await bare.setContent(`<!doctype html><body>${html.join('\n<hr>\n')}</body>`);
    await bare.waitForTimeout(100);
    ran += await bare.evaluate(() => (window.__ran ? 1 : 0) + document.querySelectorAll('script, img, svg, math, style, iframe, form, input, [onerror], [onclick], [id], [name], [style]').length);
  }
  v.ok(ran === 0 && asked.length === 0, `cleaned HTML does nothing where nothing holds it back (${ran}, ${asked.slice(0, 3)})`);
  await bare.close();
}
