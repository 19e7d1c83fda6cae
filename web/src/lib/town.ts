// The towns of addresses, which stand in lists and filters as if they were a field: "addresses.city".
import type { Address, Entity, Field, Op, Rec, Value } from '../api/types';
import { lang, t } from './i18n.svelte';
import { field, label } from './meta.svelte';

const OPS: Op[] = ['contains', 'starts', 'eq', 'ne', 'in', 'notin', 'empty', 'notempty'];
const END = '.city';

/** One for each field with addresses; where there are several, its name says of which. */
export function townFields(e: Entity): Field[] {
  const all = e.fields.filter((f) => f.kind === 'addresses');
  const text = (f: Field) => (all.length > 1 ? `${t('address.city')}: ${label(f.label, f.name)}` : t('address.city'));
  return all.map((f) => ({ name: f.name + END, kind: 'text', label: { [lang()]: text(f) }, ops: OPS, sort: false }));
}

export const isTown = (e: Entity, name: string): boolean => name.endsWith(END) && field(e, name.slice(0, -END.length))?.kind === 'addresses';
/** The field that a column is read from. */
export const townless = (e: Entity, name: string): string => (isTown(e, name) ? name.slice(0, -END.length) : name);

/** What stands in a column of a row. */
export function columnValue(e: Entity, r: Rec, name: string): Value {
  if (!isTown(e, name)) return r[name];
  const all = r[townless(e, name)];
  return Array.isArray(all) ? [...new Set((all as Address[]).flatMap((a) => a.city || []))].join(', ') : '';
}
