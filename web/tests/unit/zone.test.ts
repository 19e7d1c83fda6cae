import { describe, expect, it } from 'vitest';
import type { Rec } from '../../src/api/types';
import { birthday } from '../../src/lib/birthday';
import { readZone, timeThere, zoneOf } from '../../src/lib/zone';

const rec = (values: Record<string, unknown>): Rec => ({ id: '1', version: 1, title: 'x', created_at: '', changed_at: '', ...values });
const phone = (e164: string) => ({ type: '', value: e164, e164 });
const address = (a: Record<string, string>) => ({ type: '', text: Object.values(a).join(', '), ...a });

describe('the zone of a person', () => {
  it('is the record’s own first', () => {
    expect(zoneOf(rec({ timezone: 'Asia/Tokyo', phones: [phone('+37061234567')] }))).toEqual({ zone: 'Asia/Tokyo', from: 'record' });
    expect(zoneOf(rec({ timezone: 'nowhere', phones: [phone('+37061234567')] }))).toEqual({ zone: 'Europe/Vilnius', from: 'phone' });
  });
  it('reads offsets as people write them', () => {
    for (const [typed, zone] of [['UTC+3', 'Etc/GMT-3'], ['+07:00', 'Etc/GMT-7'], ['GMT-4', 'Etc/GMT+4'], ['Europe/Riga', 'Europe/Riga'], ['', ''], ['Mars', ''], ['UTC+99', '']]) expect(readZone(typed ?? '')).toBe(zone);
  });
  it('is guessed by the address, in any language, and by the region of Russia', () => {
    for (const [a, zone] of [
      [{ city: 'Kaunas', country: 'Lietuva' }, 'Europe/Vilnius'], [{ country: 'Deutschland' }, 'Europe/Berlin'], [{ city: 'Казань', country: 'Россия' }, 'Europe/Moscow'], [{ city: 'г. Новосибирск' }, 'Asia/Novosibirsk'],
      [{ region: 'Приморский край', city: 'Владивосток', country: 'RU' }, 'Asia/Vladivostok'],
    ] as const) expect(zoneOf(rec({ addresses: [address(a)], phones: [phone('+4915112345678')] }))).toEqual({ zone, from: 'address' });
  });
  it('is guessed by the number, by area code where there are several', () => {
    for (const [n, zone] of [['+79161234567', 'Europe/Moscow'], ['+73832000000', 'Asia/Novosibirsk'], ['+77011234567', 'Asia/Almaty'], ['+4915112345678', 'Europe/Berlin'], ['+37061234567', 'Europe/Vilnius']]) {
      expect(zoneOf(rec({ phones: [phone(n ?? '')] }))).toEqual({ zone, from: 'phone' });
    }
    expect(zoneOf(rec({ phones: [phone('+12125550100')] }))).toBeNull();
    expect(zoneOf(rec({}))).toBeNull();
  });
  it('tells the time there', () => expect(timeThere('Asia/Tokyo', 'de', new Date('2026-01-01T03:05:00Z'))).toContain('12:05'));
});

describe('a birthday', () => {
  it('tells age and days till the next', () => {
    const now = new Date(2026, 3, 1);
    expect(birthday('1971-04-03', now)).toEqual({ age: 54, days: 2 });
    expect(birthday('1971-04-01', now)).toEqual({ age: 55, days: 0 });
    expect(birthday('1971-03-31', now)).toEqual({ age: 55, days: 364 });
    expect(birthday('2024-02-29', new Date(2026, 1, 28))).toEqual({ age: 1, days: 1 });
    expect(birthday('2030-01-01', now)).toBeNull();
    expect(birthday('', now)).toBeNull();
  });
});
