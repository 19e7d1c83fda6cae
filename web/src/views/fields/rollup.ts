// What a roll-up can gather: over which link of another entity, and which of its fields.
import type { Entity, Field, Filter, Kind } from '../../api/types';

export const aggs = ['count', 'sum', 'min', 'max', 'latest'] as const;
export type Agg = (typeof aggs)[number];
/** `where`: only records that meet it are gathered. */
export interface Gathering { over: string; agg: Agg; field: string; by: string; where: Filter | null }
export const noGathering: Gathering = { over: '', agg: 'count', field: '', by: '', where: null };

const numbers: Kind[] = ['int', 'decimal', 'percent', 'duration', 'rating'];
const moments: Kind[] = ['date', 'timestamp'];
const shown: Kind[] = ['text', 'longtext', 'url', 'choice', 'bool', 'money', 'autonumber'];
const able: Record<Agg, Kind[]> = { count: [], sum: numbers, min: [...numbers, ...moments], max: [...numbers, ...moments], latest: [...numbers, ...moments, ...shown] };

/** The links that point to `name`, as "interaction.company". */
export const linksTo = (all: Entity[], name: string): { entity: Entity; link: Field; over: string }[] =>
  all.flatMap((e) => e.fields.filter((f) => f.kind === 'link' && f.to === name && !f.via).map((link) => ({ entity: e, link, over: `${e.name}.${link.name}` })));
export const fieldsFor = (agg: Agg, e: Entity | undefined): Field[] => (e?.fields ?? []).filter((f) => able[agg].includes(f.kind) && !f.result);
export const momentsOf = (e: Entity | undefined): Field[] => (e?.fields ?? []).filter((f) => moments.includes(f.kind));

/** As the API takes it, and back. */
export function toRollup(g: Gathering): { to: string; via: string; def: Record<string, unknown> } {
  const [to = '', via = ''] = g.over.split('.');
  return { to, via, def: { agg: g.agg, ...(g.agg === 'count' ? {} : { field: g.field }), ...(g.agg === 'latest' ? { by: g.by } : {}), ...(g.where ? { where: g.where } : {}) } };
}
export function fromRollup(f: Field): Gathering {
  const def = (f.def ?? {}) as { agg?: string; field?: string; by?: string; where?: Filter | null };
  return { over: `${f.to}.${f.via}`, agg: aggs.find((a) => a === def.agg) ?? 'count', field: def.field ?? '', by: def.by ?? '', where: def.where ?? null };
}
