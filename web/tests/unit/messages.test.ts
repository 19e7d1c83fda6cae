import { describe, expect, it } from 'vitest';
import deDaily from '../../messages/de.json';
import deManage from '../../messages/manage/de.json';
import enDaily from '../../messages/en.json';
import enManage from '../../messages/manage/en.json';
import ltDaily from '../../messages/lt.json';
import ltManage from '../../messages/manage/lt.json';
import ruDaily from '../../messages/ru.json';
import ruManage from '../../messages/manage/ru.json';
import { pick, type Catalogue } from '../../src/lib/text';

const en = { ...enDaily, ...enManage };
const de = { ...deDaily, ...deManage };
const lt = { ...ltDaily, ...ltManage };
const ru = { ...ruDaily, ...ruManage };
const all: Record<string, Catalogue> = { en, de, lt, ru };
const holes = (s: string) => [...new Set(s.match(/\{\w+\}/g) ?? [])].toSorted();
const forms = (m: Catalogue[string] | undefined): string[] => (typeof m === 'string' ? [m] : Object.values(m ?? {}));

describe.each(Object.keys(all))('catalogue %s', (l) => {
  const cat = all[l] as Catalogue;
  it('has the same keys as English', () => {
    expect(Object.keys(cat).toSorted()).toEqual(Object.keys(en).toSorted());
  });
  it('has every plural form of its language, and no other', () => {
    const want = new Intl.PluralRules(l).resolvedOptions().pluralCategories.toSorted();
    for (const [k, m] of Object.entries(cat)) if (typeof m !== 'string') expect(Object.keys(m).toSorted(), k).toEqual(want);
  });
  it('is plural where English is', () => {
    for (const [k, m] of Object.entries(cat)) expect(typeof m, k).toBe(typeof (en as Catalogue)[k]);
  });
  it('keeps the placeholders', () => {
    for (const [k, m] of Object.entries(cat)) {
      const want = [...new Set(forms((en as Catalogue)[k]).flatMap(holes))].toSorted();
      for (const f of forms(m)) for (const h of holes(f)) expect(want, k).toContain(h);
      expect([...new Set(forms(m).flatMap(holes))].filter((h) => h !== '{n}').toSorted(), k).toEqual(want.filter((h) => h !== '{n}'));
    }
  });
  it('has no empty text and no straight quotes', () => {
    for (const [k, m] of Object.entries(cat)) for (const f of forms(m)) expect(f.trim() !== '' && !f.includes('"'), k).toBe(true);
  });
});

describe('pick', () => {
  const show = (v: string | number) => String(v);
  it('chooses Russian and Lithuanian forms', () => {
    const r = (n: number) => pick(ru as Catalogue, 'list.count', new Intl.PluralRules('ru'), show, { n });
    expect([r(1), r(2), r(5), r(21), r(112)]).toEqual(['1 запись', '2 записи', '5 записей', '21 запись', '112 записей']);
    const l = (n: number) => pick(lt as Catalogue, 'list.count', new Intl.PluralRules('lt'), show, { n });
    expect([l(1), l(2), l(10), l(21)]).toEqual(['1 įrašas', '2 įrašai', '10 įrašų', '21 įrašas']);
  });
  it('does not fill holes inside values', () => {
    const text = pick({ a: '{x} and {y}' }, 'a', new Intl.PluralRules('en'), show, { x: '{y}', y: '2' });
    expect(text).toBe('{y} and 2');
  });
  it('shows the key of an unknown text', () => {
    expect(pick({}, 'nope', new Intl.PluralRules('en'), show)).toBe('nope');
  });
});
