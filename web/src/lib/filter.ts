// The filter tree of the builder: groups and rules, to and from the address bar.
import type { Field, Filter, Op, Value } from '../api/types';

export interface Rule { field: string; op: Op; value: Value }
export interface Group { join: 'and' | 'or'; items: (Rule | Group)[] }

export const isGroup = (x: Rule | Group): x is Group => 'items' in x;
export const needsValue = (op: Op): boolean => op !== 'empty' && op !== 'notempty';

export function isComplete(r: Rule): boolean {
  if (!needsValue(r.op)) return true;
  return Array.isArray(r.value) ? r.value.length > 0 : r.value !== undefined && r.value !== null && r.value !== '';
}

/** The tree for the server; null when no rule is complete. */
export function toFilter(g: Group): Filter | null {
  const parts: Filter[] = [];
  for (const i of g.items) {
    if (isGroup(i)) {
      const f = toFilter(i);
      if (f) parts.push(f);
    } else if (isComplete(i)) parts.push(toCondition(i));
  }
  if (!parts.length) return null;
  return g.join === 'and' ? { and: parts } : { or: parts };
}

/** Has it a part that toFilter leaves out? */
export const isUnfinished = (g: Group): boolean => g.items.some((i) => (isGroup(i) ? isUnfinished(i) : !isComplete(i)));

// A field of the record that a link points to is named "company>owner".
const OVER = '>';
export const overLink = (link: string, field: string): string => link + OVER + field;

function toCondition(r: Rule): Filter {
  const [link, over] = r.field.split(OVER);
  if (over !== undefined) return { link: link ?? '', has: toCondition({ ...r, field: over }) };
  return needsValue(r.op) ? { field: r.field, op: r.op, value: r.value } : { field: r.field, op: r.op };
}

/** A condition as a rule; null for what is none. */
function toRule(f: Filter): Rule | null {
  if ('field' in f) return rule(f);
  return 'link' in f && 'field' in f.has ? { ...rule(f.has), field: overLink(f.link, f.has.field) } : null;
}

/** The builder's form of a tree; null for one it cannot show (not, has, …), which stays in force all the same. */
export function fromFilter(f: Filter): Group | null {
  const one = toRule(f);
  if (one) return { join: 'and', items: [one] };
  const join = 'and' in f ? 'and' : 'or' in f ? 'or' : null;
  if (!join) return null;
  const items: (Rule | Group)[] = [];
  for (const part of 'and' in f ? f.and : 'or' in f ? f.or : []) {
    const item = toRule(part) ?? fromFilter(part);
    if (!item) return null;
    items.push(item);
  }
  return { join, items };
}

const rule = (f: { field: string; op: Op; value?: Value }): Rule => ({ field: f.field, op: f.op, value: f.value ?? null });

export function parseFilter(text: string): Filter | null {
  if (!text) return null;
  try {
    const f: unknown = JSON.parse(text);
    return isFilter(f) ? f : null;
  } catch {
    return null;
  }
}

function isFilter(x: unknown): x is Filter {
  if (typeof x !== 'object' || x === null) return false;
  const o = x as Record<string, unknown>;
  if (Array.isArray(o.and)) return o.and.every(isFilter);
  if (Array.isArray(o.or)) return o.or.every(isFilter);
  if ('not' in o) return isFilter(o.not);
  if ('has' in o) return isFilter(o.has) && ['link', 'any', 'all'].some((k) => typeof o[k] === 'string');
  return typeof o.field === 'string' && typeof o.op === 'string';
}

export function countRules(f: Filter | null): number {
  if (!f) return 0;
  if ('and' in f) return f.and.reduce((n, x) => n + countRules(x), 0);
  if ('or' in f) return f.or.reduce((n, x) => n + countRules(x), 0);
  if ('not' in f) return countRules(f.not);
  if ('has' in f) return countRules(f.has);
  return 1;
}

export function newRule(fields: Field[]): Rule {
  const f = fields[0];
  return { field: f?.name ?? '', op: preferredOp(f), value: null };
}

export function preferredOp(f: Field | undefined): Op {
  const ops = f?.ops ?? [];
  return ops.includes('contains') ? 'contains' : ops.includes('eq') ? 'eq' : (ops[0] ?? 'eq');
}
