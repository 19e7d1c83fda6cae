import { describe, expect, it } from 'vitest';
import type { Field, Filter } from '../../src/api/types';
import { countRules, fromFilter, isUnfinished, newRule, parseFilter, toFilter, type Group } from '../../src/lib/filter';

const tree: Filter = { and: [{ field: 'name', op: 'contains', value: 'müller' }, { or: [{ field: 'city', op: 'eq', value: 'Köln' }, { field: 'city', op: 'empty' }] }] };

describe('filter', () => {
  it('comes back as it went', () => expect(toFilter(fromFilter(tree) as Group)).toEqual(tree));
  it('leaves out what is not finished', () => {
    const g: Group = { join: 'and', items: [{ field: 'name', op: 'contains', value: '' }, { field: 'kind', op: 'in', value: [] }, { join: 'or', items: [] }] };
    expect(toFilter(g)).toBeNull();
  });
  it('knows a part that it leaves out, however deep', () => {
    const done = { field: 'name', op: 'contains' as const, value: 'x' }, open = { ...done, value: '' };
    expect(isUnfinished({ join: 'and', items: [done, { field: 'a', op: 'empty', value: null }] })).toBe(false);
    expect(isUnfinished({ join: 'and', items: [done, open] })).toBe(true);
    expect(isUnfinished({ join: 'and', items: [done, { join: 'or', items: [done, { ...done, op: 'in', value: [] }] }] })).toBe(true);
  });
  it('keeps false and nought', () => {
    const g: Group = { join: 'or', items: [{ field: 'a', op: 'eq', value: false }, { field: 'b', op: 'gt', value: 0 }] };
    expect(toFilter(g)).toEqual({ or: [{ field: 'a', op: 'eq', value: false }, { field: 'b', op: 'gt', value: 0 }] });
  });
  it('shows a single rule as a group', () => expect(fromFilter({ field: 'a', op: 'eq', value: 1 })).toEqual({ join: 'and', items: [{ field: 'a', op: 'eq', value: 1 }] }));
  it('says when it cannot show a tree', () => {
    expect(fromFilter({ not: tree })).toBeNull();
    expect(fromFilter({ and: [{ any: 'interactions', has: tree }] })).toBeNull();
  });
  it('reads the address bar, and nothing that is no filter', () => {
    expect(parseFilter(JSON.stringify(tree))).toEqual(tree);
    for (const bad of ['', '{', 'null', '[]', '{"and":[1]}', '{"field":"a"}', '{"has":{"field":"a","op":"eq"}}']) expect(parseFilter(bad), bad).toBeNull();
  });
  it('counts rules', () => expect([countRules(null), countRules(tree), countRules({ not: tree }), countRules({ link: 'company', has: tree })]).toEqual([0, 3, 3, 3]));
  it('begins with the first field and its best comparison', () => {
    const f = (ops: Field['ops']) => [{ name: 'x', kind: 'text', label: {}, ops } as Field];
    expect(newRule(f(['eq', 'contains'])).op).toBe('contains');
    expect(newRule(f(['ne', 'eq'])).op).toBe('eq');
    expect(newRule([]).field).toBe('');
  });
});
