// A formula as people type it, to and from the tree that the API takes.
//
//   if(company.employees > 100; "large"; "small")      price * 1.19 & " " & unit      days_between(birthday; today())
//
// Numbers have a point; 2026-01-31 is a day, 12.50 EUR an amount; arguments stand between commas or semicolons;
// quotes may be those that a phone or a word processor makes of them.

type Tree = number | string | boolean | { date: string } | { money: { amount: string; currency: string } } | { field: string; link?: string } | { op: string; of: Tree[] };
/** A part of what was typed. */
interface Part { tree: Tree; from: number; to: number; kids: Part[]; shut?: boolean }
export interface Typed { tree: Tree; root: Part }

/** What cannot be read, and where: `what` '' = it ends too early. */
export class Misread extends Error {
  constructor(readonly at: number, readonly what: string) {
    super('formula');
  }
}

/** The functions that have no sign. */
export const functions = ['if', 'round', 'min', 'max', 'abs', 'empty', 'coalesce', 'length', 'upper', 'lower', 'days_between', 'today', 'year', 'month', 'day'] as const;
const MANY = 20;
const many = new Set(['add', 'mul', 'concat', 'and', 'or']);
// From the loosest to the tightest; `not` stands between `and` and the comparisons.
const levels: Record<string, string>[] = [
  { or: 'or' }, { and: 'and' }, { '=': 'eq', '<>': 'ne', '!=': 'ne', '<': 'lt', '<=': 'le', '>': 'gt', '>=': 'ge' }, { '&': 'concat' }, { '+': 'add', '-': 'sub' }, { '*': 'mul', '/': 'div' },
];
const COMPARE = 2;
const SIGN = levels.length;
const token = /\s+|(\d{4}-\d{2}-\d{2})(?!\d)|(\d+(?:\.\d+)?)(?:\s*([A-Z]{3})\b)?|("(?:[^"\\]|\\.)*"|[“„][^“”]*[“”]|«[^»]*»)|([a-z_][a-z0-9_]*(?:\.[a-z_][a-z0-9_]*)?)|(<>|!=|<=|>=|[-+*/&=<>(),;])/y;

interface Word { kind: 'date' | 'number' | 'money' | 'text' | 'name' | 'sign'; text: string; more: string; from: number; to: number }

function words(s: string): Word[] {
  const out: Word[] = [];
  for (let at = 0; at < s.length; at = token.lastIndex) {
    token.lastIndex = at;
    const m = token.exec(s);
    if (!m) throw new Misread(at, s.slice(at, at + 20));
    const [, date, number, currency, quoted, name, sign] = m;
    const to = token.lastIndex;
    const put = (kind: Word['kind'], text: string, more = '') => out.push({ kind, text, more, from: at, to });
    if (date) put('date', date);
    else if (number) put(currency ? 'money' : 'number', number, currency);
    else if (quoted) put('text', quoted[0] === '"' ? quoted.slice(1, -1).replace(/\\(.)/g, '$1') : quoted.slice(1, -1));
    else if (name) put('name', name);
    else if (sign) put('sign', sign);
  }
  return out;
}

class Reader {
  private i = 0;
  private readonly list: Word[];
  constructor(private readonly text: string) {
    this.list = words(text);
  }

  whole(): Part {
    const p = this.level(0);
    if (this.list[this.i]) this.odd();
    return p;
  }

  private odd(): never {
    const w = this.list[this.i];
    throw new Misread(w?.from ?? this.text.length, w ? this.text.slice(w.from, w.to) : '');
  }
  private is = (text: string) => {
    const w = this.list[this.i];
    return w?.text === text && (w.kind === 'sign' || w.kind === 'name');
  };
  private need(text: string) {
    if (!this.is(text)) this.odd();
    return this.list[this.i++]?.to ?? 0;
  }

  private level(n: number): Part {
    if (n === COMPARE && this.is('not') && this.list[this.i + 1]) return this.not();
    if (n === SIGN) return this.sign();
    let left = this.level(n + 1);
    for (let w = this.list[this.i]; w && (w.kind === 'sign' || w.kind === 'name'); w = this.list[this.i]) {
      const op = levels[n]?.[w.text];
      if (!op) break;
      this.i++;
      left = join(op, left, this.level(n + 1));
      if (n === COMPARE) break;
    }
    return left;
  }

  private not(): Part {
    const from = this.list[this.i++]?.from ?? 0;
    const kid = this.level(COMPARE);
    return { tree: { op: 'not', of: [kid.tree] }, from, to: kid.to, kids: [kid] };
  }

  private sign(): Part {
    if (!this.is('-')) return this.atom();
    const from = this.list[this.i++]?.from ?? 0;
    const kid = this.sign();
    if (typeof kid.tree === 'number' && !kid.shut) return { ...kid, from, tree: -kid.tree };
    const zero: Part = { tree: 0, from, to: from, kids: [] };
    return { tree: { op: 'sub', of: [0, kid.tree] }, from, to: kid.to, kids: [zero, kid] };
  }

  private atom(): Part {
    const w = this.list[this.i];
    if (!w) this.odd();
    if (this.is('(')) {
      this.i++;
      const inner = this.level(0);
      const to = this.need(')');
      return { ...inner, from: w.from, to, shut: true };
    }
    const called = w.kind === 'name' && this.list[this.i + 1]?.text === '(' && this.list[this.i + 1]?.kind === 'sign';
    if (w.kind === 'sign' || (w.kind === 'name' && !called && ['and', 'or', 'not'].includes(w.text))) this.odd();
    this.i++;
    if (called) return this.call(w);
    return { tree: leaf(w), from: w.from, to: w.to, kids: [] };
  }

  private call(w: Word): Part {
    const kids: Part[] = [];
    this.need('(');
    while (!this.is(')')) {
      if (kids.length && !this.is(',') && !this.is(';')) this.odd();
      if (kids.length) this.i++;
      kids.push(this.level(0));
    }
    return { tree: { op: w.text, of: kids.map((k) => k.tree) }, from: w.from, to: this.need(')'), kids };
  }
}

/** a + b + c is one sum; (a + b) + c stays as it was typed. */
function join(op: string, a: Part, b: Part): Part {
  const goesOn = many.has(op) && !a.shut && typeof a.tree === 'object' && 'op' in a.tree && a.tree.op === op && a.kids.length < MANY;
  const kids = goesOn ? [...a.kids, b] : [a, b];
  return { tree: { op, of: kids.map((k) => k.tree) }, from: a.from, to: b.to, kids };
}

function leaf(w: Word): Tree {
  if (w.kind === 'number') return Number(w.text);
  if (w.kind === 'money') return { money: { amount: w.text, currency: w.more } };
  if (w.kind === 'date') return { date: w.text };
  if (w.kind === 'text') return w.text;
  if (w.text === 'true' || w.text === 'false') return w.text === 'true';
  const [a = '', b] = w.text.split('.');
  return b ? { link: a, field: b } : { field: a };
}

export function readFormula(text: string): Typed {
  const root = new Reader(text).whole();
  return { tree: root.tree, root };
}

/** The place that the server names ("def.of.1.op") in what was typed. */
export function placeOf(typed: Typed, name: string): [number, number] {
  let p = typed.root;
  for (const [, n] of name.matchAll(/\.of\.(\d+)/g)) {
    const kid = p.kids[Number(n)];
    if (!kid) break;
    p = kid;
  }
  return [p.from, p.to];
}

const quote = (s: string) => `"${s.replace(/[\\"]/g, '\\$&')}"`;
const signOf = (op: string): [number, string] | null => {
  for (const [n, l] of levels.entries()) for (const [s, o] of Object.entries(l)) if (o === op) return [n, s];
  return null;
};

/** A tree as text; what stands looser than `level` is put in brackets. */
export function showFormula(x: unknown, level = 0): string {
  if (typeof x === 'string') return quote(x);
  if (typeof x !== 'object' || x === null) return String(x);
  const o = x as { date?: string; money?: { amount: string; currency: string }; field?: string; link?: string; op?: string; of?: unknown[] };
  if (o.date) return o.date;
  if (o.money) return `${o.money.amount} ${o.money.currency}`;
  if (o.field) return o.link ? `${o.link}.${o.field}` : o.field;
  const op = o.op ?? '';
  const of = o.of ?? [];
  if (op === 'not' && of.length === 1) return bracket(`not ${showFormula(of[0], COMPARE)}`, level > COMPARE);
  const sign = of.length > 1 ? signOf(op) : null;
  if (!sign) return `${op}(${of.map((k) => showFormula(k)).join('; ')})`;
  const [n, s] = sign;
  return bracket(of.map((k, i) => showFormula(k, i || n === COMPARE ? n + 1 : isSame(k, op) ? n + 1 : n)).join(` ${s} `), n < level);
}

/** A sum that begins with a sum was typed with brackets. */
const isSame = (k: unknown, op: string) => many.has(op) && typeof k === 'object' && k !== null && (k as { op?: string }).op === op;
const bracket = (s: string, needed: boolean) => (needed ? `(${s})` : s);
