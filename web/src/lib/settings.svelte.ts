// How the user has arranged his pages: kept on the server, so that it follows him to the next device.
import { getSettings, putSetting } from '../api/calls';
import type { Entity, Field } from '../api/types';
import { lang } from './i18n.svelte';
import { columns, entity, field, label } from './meta.svelte';
import { townFields, townless } from './town';

let kept = $state.raw<Record<string, unknown>>({});

/** A server that cannot tell leaves everything as it comes. */
export async function loadSettings(): Promise<void> {
  kept = await getSettings().then((s) => s.data, () => ({}));
}

export const COLUMNS_MAX = 40;
const NEVER = new Set(['lines', 'json']);
const name = (e: Entity) => `columns.${e.name}`;

/** What may stand in a column, beside the title. */
export const columnFields = (e: Entity): Field[] => [...e.fields.filter((f) => f.name !== e.title && f.name !== 'deleted_at' && !NEVER.has(f.kind)), ...townFields(e)];

/** The fields of the records that links point to, by link, named as the server takes them: "company.owner". */
export function linkedFields(e: Entity): { link: Field; to: Entity; fields: Field[] }[] {
  return e.fields.flatMap((link) => {
    const to = link.kind === 'link' && link.to ? entity(link.to) : undefined;
    if (!to?.rights.see) return [];
    const text = (f: Field) => `${label(link.label, link.name)}: ${label(f.label, f.name)}`;
    return [{ link, to, fields: columnFields(to).filter((f) => !isLinked(f.name)).map((f) => ({ ...f, name: `${link.name}.${f.name}`, label: { [lang()]: text(f) }, sort: false })) }];
  });
}
/** Of another record, or a part of a field: nothing that the list's own field of that name could tell. */
export const isLinked = (name: string): boolean => name.includes('.');

/** The columns as they were chosen, the title first; a field that is gone since is passed over. */
export function chosenColumns(e: Entity): Field[] {
  const names = kept[name(e)];
  const title = field(e, e.title);
  if (!Array.isArray(names) || !title) return columns(e);
  const linked = names.some((n) => isLinked(String(n))) ? linkedFields(e).flatMap((l) => l.fields) : [];
  const found = new Map([...columnFields(e), ...linked].map((f) => [f.name, f]));
  return [title, ...new Set(names.flatMap((n: unknown) => found.get(String(n)) ?? []))];
}

/** What a row must hold for the chosen columns, its picture and its colours; undefined: what the server gives by itself. */
export function rowFields(e: Entity): string[] | undefined {
  const day = field(e, 'all_day');
  if (!Array.isArray(kept[name(e)]) && !day) return undefined;
  const beside = e.fields.filter((f) => f.kind === 'picture' || f.name === 'groups' || f === day).map((f) => f.name);
  return [...new Set([...chosenColumns(e).map((f) => townless(e, f.name)), ...beside])];
}

/** Columns for an export: what comes of linked records needs the right to export those, too. */
export const exportColumns = (e: Entity): string[] =>
  [...new Set(chosenColumns(e).map((f) => townless(e, f.name)))].filter((n) => !isLinked(n) || entity(field(e, n.split('.')[0] ?? '')?.to ?? '')?.rights.export);

export const setting = (key: string): unknown => kept[key];

/** null forgets it. */
export async function keepSetting(key: string, value: unknown): Promise<void> {
  await putSetting(key, value);
  const { [key]: _, ...rest } = kept;
  kept = value === null ? rest : { ...rest, [key]: value };
}

/** null: as the description says. */
export const chooseColumns = (e: Entity, names: string[] | null): Promise<void> => keepSetting(name(e), names);
