import { describe, expect, it } from 'vitest';
import type { Rec } from '../../src/api/types';
import { entryRecord, namesIn, parted, piles, slotOf, type Entry } from '../../src/lib/talk';

const rec = (values: Record<string, unknown>): Rec => ({ id: '9', version: 1, title: 'Angebot', created_at: '', changed_at: '', ...values });
const entry = (e: Partial<Entry>): Entry => ({ kind: 'note', text: 'x', planned: false, at: null, about: { person: { id: '1', title: 'A' } }, after: null, ...e });

describe('a quick entry', () => {
  it('is named by its first line', () => {
    expect(parted(' Rief an\nwill ein Angebot ')).toEqual({ subject: 'Rief an', text: 'will ein Angebot' });
    const long = 'wort '.repeat(60).trim();
    expect(parted(long).subject.length).toBeLessThanOrEqual(121);
    expect(parted(long).text).toBe(long);
    expect(parted('x'.repeat(300)).subject).toBe('x'.repeat(120) + '…');
  });
  it('is done now, or planned for then', () => {
    expect(entryRecord(entry({ text: 'Hallo' }), 'NOW')).toEqual({ entity: 'interaction', values: { subject: 'Hallo', kind: 'note', status: 'done', person: { id: '1', title: 'A' }, at: 'NOW' } });
    expect(entryRecord(entry({ kind: 'call', text: 'Anruf\nPreis', planned: true, at: 'THEN' }), 'NOW').values).toEqual({
      subject: 'Anruf', kind: 'call', status: 'planned', person: { id: '1', title: 'A' }, plan: 'Preis', at: 'THEN',
    });
    expect(entryRecord(entry({ planned: true }), 'NOW').values).not.toHaveProperty('at');
  });
  it('may be a task with a day', () =>
    expect(entryRecord(entry({ kind: 'task', text: 'Angebot senden', at: 'THEN' }), 'NOW')).toEqual({ entity: 'task', values: { subject: 'Angebot senden', person: { id: '1', title: 'A' }, due: 'THEN' } }));
  it('goes on with the chain it follows', () => {
    const after = rec({ person: { id: '2', title: 'B' }, company: { id: '3', title: 'C' } });
    expect(entryRecord(entry({ text: 'nachgefasst', after }), 'NOW').values).toEqual({
      subject: 'Angebot', kind: 'note', status: 'done', person: { id: '2', title: 'B' }, company: { id: '3', title: 'C' }, text: 'nachgefasst', at: 'NOW', previous: { id: '9' },
    });
  });
});

describe('participants', () => {
  it('are found in a text, but for those linked', () =>
    expect(namesIn('Мария Петрова, Jonas und Eva Klein (Einkauf); J.; jonas', [{ id: '1', title: 'JONAS' }])).toEqual(['Мария Петрова', 'Eva Klein']));
  it('are known by a part of the linked name', () => expect(namesIn('Eva, Klein E., Eva Gross', [{ id: '1', title: 'Eva Klein' }])).toEqual(['Eva Gross']));
  it('none in an empty text', () => expect(namesIn(' , ; ', [])).toEqual([]));
});

describe('what is pending', () => {
  const now = new Date(2026, 10, 28, 12);
  it('is overdue, for today, later or without a date', () => {
    expect([new Date(2026, 10, 28, 11), new Date(2026, 10, 28, 13), new Date(2026, 10, 29)].map((d) => slotOf(d.toISOString(), now))).toEqual(['overdue', 'today', 'later']);
    expect(slotOf(new Date(2026, 10, 28, 11).toISOString(), now, true)).toBe('today'); // it counts until the day is over
    expect(slotOf(new Date(2026, 10, 27, 12).toISOString(), now, true)).toBe('overdue');
    expect(slotOf(null, now)).toBe('undated');
  });
  it('stands in piles, overdue first', () => {
    const all = [rec({ id: 'a', s: 'later' }), rec({ id: 'b', s: 'overdue' }), rec({ id: 'c', s: 'later' })];
    const p = piles(all, (r) => ({ key: String(r.s), title: String(r.s) }), ['overdue', 'later']);
    expect(p.map((x) => [x.key, x.items.map((i) => i.id).join('')])).toEqual([['overdue', 'b'], ['later', 'ac']]);
  });
});
