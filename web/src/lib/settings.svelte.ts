// How the user has arranged his pages: kept on the server, so that it follows him to the next device.
import { getSettings, putSetting } from '../api/calls';
import type { Entity, Field } from '../api/types';
import { columns, field } from './meta.svelte';

let kept = $state.raw<Record<string, unknown>>({});

/** A server that cannot tell leaves everything as it comes. */
export async function loadSettings(): Promise<void> {
  kept = await getSettings().then((s) => s.data, () => ({}));
}

export const COLUMNS_MAX = 40;
const NEVER = new Set(['lines', 'json']);
const name = (e: Entity) => `columns.${e.name}`;

/** What may stand in a column, beside the title. */
export const columnFields = (e: Entity): Field[] => e.fields.filter((f) => f.name !== e.title && f.name !== 'deleted_at' && !NEVER.has(f.kind));

/** The columns as they were chosen, the title first; a field that is gone since is passed over. */
export function chosenColumns(e: Entity): Field[] {
  const names = kept[name(e)];
  const title = field(e, e.title);
  if (!Array.isArray(names) || !title) return columns(e);
  const found = new Map(columnFields(e).map((f) => [f.name, f]));
  return [title, ...new Set(names.flatMap((n: unknown) => found.get(String(n)) ?? []))];
}

/** What a row must hold for the chosen columns, its picture and its colours; undefined: what the server gives by itself. */
export function rowFields(e: Entity): string[] | undefined {
  if (!Array.isArray(kept[name(e)])) return undefined;
  const beside = e.fields.filter((f) => f.kind === 'picture' || f.name === 'groups').map((f) => f.name);
  return [...new Set([...chosenColumns(e).map((f) => f.name), ...beside])];
}

export const setting = (key: string): unknown => kept[key];

/** null forgets it. */
export async function keepSetting(key: string, value: unknown): Promise<void> {
  await putSetting(key, value);
  const { [key]: _, ...rest } = kept;
  kept = value === null ? rest : { ...rest, [key]: value };
}

/** null: as the description says. */
export const chooseColumns = (e: Entity, names: string[] | null): Promise<void> => keepSetting(name(e), names);
