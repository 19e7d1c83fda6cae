// The structure of a company: its holding and its departments as trees, by pointer and keyboard.
import { say, sender } from './lib.mjs';

export const name = 'structure';

export async function run(v) {
  const { page } = v;
  const send = await sender(v);
  const { id: top } = await send('POST', '/company', { name: 'Nordring Holding AG' });
  const { id } = await send('POST', '/company', { name: 'Nordring Bau GmbH', parent: top });
  await send('POST', '/company', { name: 'Nordring Bau Filiale Ost', parent: id });
  const { id: lead } = await send('POST', '/department', { name: 'Geschäftsleitung', company: id });
  const { id: buying } = await send('POST', '/department', { name: 'Einkauf', company: id, parent: lead });
  const { id: head } = await send('POST', '/person', { name: 'Hanna Chefin', company: id, unit: buying });
  await send('PATCH', `/department/${buying}`, { head });
  await page.goto(`${v.url}/company?id=${id}`);
  const panel = page.locator('section.panel');
  await panel.getByRole('tab', { name: say(v, 'panel.tree') }).click();
  const holding = panel.getByRole('tree', { name: say(v, 'tree.holding') });
  const units = panel.getByRole('tree', { name: say(v, 'tree.departments') });
  await v.seen(holding.getByRole('treeitem', { name: /Nordring Holding AG/ }), 'the holding stands on top');
  v.ok((await holding.getByRole('treeitem', { name: /Filiale Ost/ }).getAttribute('aria-level')) === '3', 'branches stand below their company');
  v.ok((await holding.locator('[aria-selected=true]').innerText()).includes('Nordring Bau GmbH'), 'one sees where one is');
  await v.seen(units.getByRole('treeitem', { name: /Einkauf.*Hanna Chefin.*1/ }), 'a department tells head and people');
  v.ok((await units.getByRole('treeitem', { name: /Geschäftsleitung/ }).innerText()).includes(say(v, 'tree.people', { n: 1 })), 'those below count too');
  await v.axe('the trees');
  await v.shot('tree');
  await keys(v, units);
  await add(v, panel, units);
  await units.getByRole('treeitem', { name: /Einkauf/ }).click();
  await page.waitForURL(/\/department\?id=/);
  await v.seen(panel.getByRole('heading', { name: 'Einkauf' }), 'a department opens from the tree');
}

async function keys(v, units) {
  const { page } = v;
  const first = units.getByRole('treeitem').first();
  await first.focus();
  await page.keyboard.press('ArrowLeft');
  await units.getByRole('treeitem', { name: /Einkauf/ }).waitFor({ state: 'detached' });
  v.ok((await first.getAttribute('aria-expanded')) === 'false', 'left closes a branch');
  await page.keyboard.press('ArrowRight');
  await v.seen(units.getByRole('treeitem', { name: /Einkauf/ }), 'right opens it');
  await page.keyboard.press('ArrowDown');
  await page.waitForFunction(() => document.activeElement?.textContent?.includes('Einkauf'));
  v.ok(true, 'down moves on');
}

async function add(v, panel, units) {
  const { page } = v;
  await panel.getByRole('textbox', { name: say(v, 'tree.add') }).fill('Lager');
  await panel.getByLabel(say(v, 'tree.under'), { exact: true }).selectOption({ label: 'Einkauf' });
  await v.axe('a new department');
  await panel.getByRole('button', { name: say(v, 'field.add'), exact: true }).click();
  const item = units.getByRole('treeitem', { name: /Lager/ });
  await v.seen(item, 'a department is added in its place');
  v.ok((await item.getAttribute('aria-level')) === '3', 'below the one chosen');
  await page.locator('.toast').getByRole('button', { name: say(v, 'undo'), exact: true }).last().click();
  await item.waitFor({ state: 'detached' });
  v.ok(true, 'undo takes it away');
}
