import { describe, expect, it } from 'vitest';
import { line, toSend, toType, townFirst } from '../../src/fields/addresses/line';

const whole = { type: 'office', text: '', street: 'Domstraße 1', city: 'Köln', zip: '50667', country: 'DE' };

describe('addresses', () => {
  it('are one line', () => expect(line(whole)).toBe('Domstraße 1, 50667 Köln, DE'));
  it('begin with the town where there is little room', () => expect(townFirst(whole)).toBe('Köln, Domstraße 1, 50667 DE'));
  it('stay as typed when the town is not known', () => expect(townFirst({ type: '', text: 'Domstraße 1, Köln' })).toBe('Domstraße 1, Köln'));
  it('keep what was not touched', () => {
    const typed = { type: 'office', text: 'Domstr. 1, Cologne', street: 'Domstr. 1', city: 'Köln' };
    expect(toSend(toType(typed))).toEqual(typed);
    expect(toSend({ ...toType(typed), type: 'home' })).toEqual({ ...typed, type: 'home' });
    expect(toSend({ ...toType(typed), city: 'Bonn' })).toEqual({ type: 'office', street: 'Domstr. 1', city: 'Bonn' });
    expect(toSend({ ...toType({ type: '', text: 'Domstraße 1, Köln' }), zip: '50667' })).toEqual({ type: '', street: 'Domstraße 1, Köln', zip: '50667' });
    expect(toSend({ ...toType({ type: '', text: 'Köln' }), street: ' ' })).toBeUndefined();
  });
});
