import { describe, expect, it } from 'vitest';
import { factorOf, fieldsOf, filterOf, reachOf, withFactor, withField, withFilter, withReach, withSys, type Rights } from '../../src/lib/rights';

const seller: Rights = { '*': { see: 'own', create: 'own' }, company: { see: 'all', fields: { note: 'read' } }, sys: ['log'] };

describe("a role's rights", () => {
  it('are those of the entity, else those of the rest, else none', () => {
    expect(reachOf(seller, 'company', 'see')).toEqual({ reach: 'all', own: true });
    expect(reachOf(seller, 'company', 'create')).toEqual({ reach: 'own', own: false });
    expect(reachOf(seller, 'person', 'export')).toEqual({ reach: 'none', own: false });
    expect(reachOf({}, '*', 'see')).toEqual({ reach: 'none', own: false });
  });
  it('change as new values and leave the old ones alone', () => {
    const now = withReach(seller, 'person', 'see', 'team');
    expect(now['person']).toEqual({ see: 'team' });
    expect(seller['person']).toBeUndefined();
    expect(withReach(now, 'person', 'see', '')['person']).toBeUndefined();
    expect(withReach(seller, 'company', 'see', '')['company']).toEqual({ fields: { note: 'read' } });
  });
  it('hide fields and take that back without a trace', () => {
    const now = withField(seller, 'company', 'vat_id', 'hidden');
    expect(fieldsOf(now, 'company')).toEqual({ note: 'read', vat_id: 'hidden' });
    expect(fieldsOf(withField(withField(now, 'company', 'vat_id', 'write'), 'company', 'note', 'write'), 'company')).toEqual({});
    expect(withField(withReach(seller, 'company', 'see', ''), 'company', 'note', 'write')['company']).toBeUndefined();
  });
  it('have a filter, or none', () => {
    const f = { field: 'name', op: 'eq', value: 'x' } as const;
    expect(filterOf(withFilter(seller, 'person', f), 'person')).toEqual(f);
    expect(withFilter(withFilter(seller, 'person', f), 'person', null)['person']).toBeUndefined();
  });
  it('of the installation stand in one order and go with the last', () => {
    expect(withSys(seller, 'settings', true).sys).toEqual(['settings', 'log']);
    expect('sys' in withSys(seller, 'log', false)).toBe(false);
  });
  it('ask for a second factor, or do not', () => {
    const now = withFactor(seller, 'any');
    expect(now.second_factor).toBe(true);
    expect(reachOf(now, 'second_factor', 'see').reach).toBe('own');
    expect(factorOf(now)).toBe('any');
    expect(withFactor(now, 'passkey').second_factor).toBe('passkey');
    expect(factorOf(withFactor(now, 'passkey'))).toBe('passkey');
    expect(withFactor(now, 'none')).toEqual(seller);
    expect(factorOf(seller)).toBe('none');
  });
});
