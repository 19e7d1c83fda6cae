// Interactions and tasks: what a composer makes of a few words, names of participants, how what is pending is put together.
import type { Rec, Ref } from '../api/types';

export const KINDS = ['note', 'call', 'meeting', 'letter', 'task'] as const;
export type TalkKind = (typeof KINDS)[number];
export interface About { person?: Ref | null; company?: Ref | null }
export interface Entry { kind: TalkKind; text: string; planned: boolean; at: string | null; about: About; after: Rec | null }

const SUBJECT_MAX = 120;

/** The first line (cut at a word when it is long) names it; the rest, or all when it was cut, is its text. */
export function parted(typed: string): { subject: string; text: string } {
  const all = typed.trim();
  const [first = '', ...rest] = all.split('\n');
  const line = first.trim();
  if (line.length <= SUBJECT_MAX) return { subject: line, text: rest.join('\n').trim() };
  const cut = line.slice(0, SUBJECT_MAX);
  return { subject: (/^(.+)\s/.exec(cut)?.[1] ?? cut) + '…', text: all };
}

/** The entity and the values of a new record. What follows on another keeps its subject, person and company. */
export function entryRecord(e: Entry, now: string): { entity: string; values: Record<string, unknown> } {
  const link = (k: 'person' | 'company') => (e.after?.[k] as Ref | null | undefined) ?? e.about[k] ?? null;
  const about = { person: link('person'), company: link('company') };
  const { subject, text } = e.after ? { subject: e.after.title, text: e.text.trim() } : parted(e.text);
  const kept = Object.fromEntries(Object.entries({ ...about, text }).filter(([, v]) => v));
  if (e.kind === 'task') return { entity: 'task', values: { subject: e.after && text ? parted(text).subject : subject, ...kept, ...(e.at ? { due: e.at } : {}) } };
  const plan = e.planned && kept.text ? { plan: kept.text, text: undefined } : {};
  const values = { subject, kind: e.kind, status: e.planned ? 'planned' : 'done', ...kept, ...plan, at: e.at ?? (e.planned ? undefined : now), previous: e.after ? { id: e.after.id } : undefined };
  return { entity: 'interaction', values: Object.fromEntries(Object.entries(values).filter(([, v]) => v !== undefined)) };
}

const words = (s: string) => s.toLowerCase().split(/[^\p{L}\p{N}]+/u).filter(Boolean);

/** Names in a list of participants, without those that are linked already: all their words begin words of a linked name. */
export function namesIn(participants: string, linked: Ref[]): string[] {
  const known = linked.map((r) => words(r.title));
  const is = (name: string) => known.some((of) => words(name).every((w) => of.some((x) => x.startsWith(w))));
  const all = participants
    .split(/[,;\n/]|\s+(?:und|and|ir|и)\s+/u)
    .map((s) => s.replace(/\(.*?\)/g, ' ').replace(/\s+/g, ' ').trim())
    .filter((s) => /\p{L}{2}/u.test(s) && s.length <= 80);
  return [...new Set(all)].filter((n) => !is(n));
}

export type Slot = 'overdue' | 'today' | 'later' | 'undated';
export const SLOTS: Slot[] = ['overdue', 'today', 'later', 'undated'];

/** day: only the day of `at` counts. */
export function slotOf(at: unknown, now: Date, day = false): Slot {
  const ms = typeof at === 'string' ? Date.parse(at) : Number.NaN;
  if (Number.isNaN(ms)) return 'undated';
  const end = new Date(now.getFullYear(), now.getMonth(), now.getDate() + 1).getTime();
  const begin = new Date(now.getFullYear(), now.getMonth(), now.getDate()).getTime();
  return ms < (day ? begin : now.getTime()) ? 'overdue' : ms < end ? 'today' : 'later';
}

export interface Pile { key: string; title: string; items: Rec[] }

/** Puts records into piles, each in the order they came; the piles in the order of `first`, then by title. */
export function piles(all: Rec[], keyOf: (r: Rec) => { key: string; title: string }, first: readonly string[] = []): Pile[] {
  const by = new Map<string, Pile>();
  for (const r of all) {
    const k = keyOf(r);
    const pile = by.get(k.key) ?? { ...k, items: [] };
    pile.items.push(r);
    by.set(k.key, pile);
  }
  const rank = (p: Pile) => (first.includes(p.key) ? first.indexOf(p.key) : first.length);
  return [...by.values()].sort((a, b) => rank(a) - rank(b) || a.title.localeCompare(b.title));
}
