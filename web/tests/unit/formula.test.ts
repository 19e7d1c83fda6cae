import { describe, expect, it } from 'vitest';
import { Misread, placeOf, readFormula, showFormula } from '../../src/views/fields/formula';

const tree = (s: string) => readFormula(s).tree;
const f = (field: string, link?: string) => (link ? { link, field } : { field });

describe('formulas as they are typed', () => {
  it('reads values', () => {
    expect(tree('1.5')).toBe(1.5);
    expect(tree('-3')).toBe(-3);
    expect(tree('"a \\"b\\""')).toBe('a "b"');
    for (const s of ['“x”', '„x“', '„x”', '«x»']) expect(tree(s)).toBe('x');
    expect(tree('true')).toBe(true);
    expect(tree('2026-01-31')).toEqual({ date: '2026-01-31' });
    expect(tree('12.50 EUR')).toEqual({ money: { amount: '12.50', currency: 'EUR' } });
    expect(tree('qty')).toEqual(f('qty'));
    expect(tree('company.employees')).toEqual(f('employees', 'company'));
  });
  it('knows what binds tighter', () => {
    expect(tree('a + b * 2')).toEqual({ op: 'add', of: [f('a'), { op: 'mul', of: [f('b'), 2] }] });
    expect(tree('a - b - c')).toEqual({ op: 'sub', of: [{ op: 'sub', of: [f('a'), f('b')] }, f('c')] });
    expect(tree('a + b + c')).toEqual({ op: 'add', of: [f('a'), f('b'), f('c')] });
    expect(tree('not a = 1 and b')).toEqual({ op: 'and', of: [{ op: 'not', of: [{ op: 'eq', of: [f('a'), 1] }] }, f('b')] });
    expect(tree('-(a)')).toEqual({ op: 'sub', of: [0, f('a')] });
  });
  it('reads functions with commas and semicolons', () => {
    expect(tree('if(a >= 1; round(b, 2); today())')).toEqual({ op: 'if', of: [{ op: 'ge', of: [f('a'), 1] }, { op: 'round', of: [f('b'), 2] }, { op: 'today', of: [] }] });
  });
  it('tells where it stops', () => {
    const at = (s: string) => {
      try {
        readFormula(s);
      } catch (e) {
        return e instanceof Misread ? [e.at, e.what] : null;
      }
      return null;
    };
    expect(at('a + ')).toEqual([4, '']);
    expect(at('a b')).toEqual([2, 'b']);
    expect(at('a + ?')).toEqual([4, '?']);
    expect(at('round(a')).toEqual([7, '']);
    expect(at('"open')).toEqual([0, '"open']);
    expect(at('a = b = c')).toEqual([6, '=']);
    expect(at('f(,a)')).toEqual([2, ',']);
    expect(at('')).toEqual([0, '']);
  });
  it('finds the place that the server names', () => {
    const s = 'qty * (price + nosuch)';
    const [a, b] = placeOf(readFormula(s), 'def.of.1.of.1');
    expect(s.slice(a, b)).toBe('nosuch');
    expect(placeOf(readFormula(s), 'def')).toEqual([0, s.length]);
  });
  it('comes back from its tree', () => {
    for (const s of ['a + b * 2', '(a + b) * 2', 'a - (b - c)', 'a - b - c', '(a + b) + c', 'if(a > 1 and not (b = "x" or c); -3; company.employees / 2)', 'round(a; 2) & " " & 12.50 EUR', 'days_between(2026-01-31; today())', '(a = b) = c', 'not (a and b)', 'a * (b / c)'])
      expect(showFormula(tree(s))).toBe(s);
    for (const x of [{ op: 'add', of: [{ op: 'add', of: [f('a'), f('b')] }, f('c')] }, { op: 'and', of: [f('a')] }, { op: 'sub', of: [0, f('a')] }, { op: 'not', of: [{ op: 'not', of: [f('a')] }] }])
      expect(tree(showFormula(x))).toEqual(x);
  });
});
