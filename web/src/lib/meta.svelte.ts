// The description of entities and fields, as the server gave it.
import { getMeta } from '../api/calls';
import type { Entity, Field, Gone, Labels, Meta } from '../api/types';
import { lang, t, tryText } from './i18n.svelte';

let meta = $state.raw<Meta | null>(null);

/** Takes the description; `coming` is one already asked for. */
export async function loadMeta(coming: Promise<Meta> = getMeta()): Promise<void> {
  meta = await coming;
}

export const entities = (): Entity[] => (meta?.entities ?? []).filter((e) => e.rights.see);
export const entity = (name: string): Entity | undefined => meta?.entities.find((e) => e.name === name);
/** Own entities in the trash; undefined for those who do not manage the settings. */
export const trashedEntities = (): Gone[] | undefined => meta?.trash;
export const field = (e: Entity | undefined, name: string): Field | undefined => e?.fields.find((f) => f.name === name);

export function label(l: Labels | string | undefined, fallback = ''): string {
  if (typeof l === 'string') return l;
  return l?.[lang()] ?? l?.en ?? Object.values(l ?? {})[0] ?? fallback;
}

/** The fields a list shows, in order. */
export const columns = (e: Entity): Field[] => e.list.flatMap((n) => field(e, n) ?? []);

const FOOT = new Set(['created_at', 'created_by', 'changed_at', 'changed_by', 'deleted_at']);

/** Sections with their fields; fields no section names come last, but for those that the card's foot tells. */
export function layout(e: Entity): { name: string; title: string; fields: Field[] }[] {
  const named = new Set(e.sections.flatMap((s) => s.fields));
  const out = e.sections.map((s) => ({ name: s.name, title: label(s.label), fields: s.fields.flatMap((n) => field(e, n) ?? []) }));
  const rest = e.fields.filter((f) => !named.has(f.name) && !FOOT.has(f.name));
  if (rest.length) out.push({ name: '_rest', title: '', fields: rest });
  return out.filter((s) => s.fields.length > 0);
}

/** The entity's name as it stands inside a sentence. */
export function noun(e: Entity): string {
  const l = label(e.label, e.name);
  return lang() === 'de' ? l : l.charAt(0).toLowerCase() + l.slice(1);
}

/** What the button says that makes one: in languages with genders no pattern fits all. */
export const newText = (e: Entity): string => tryText(`record.new.${e.name}`) ?? t('record.new', { entity: noun(e) });
