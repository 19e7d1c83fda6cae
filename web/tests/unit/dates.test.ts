import { describe, expect, it } from 'vitest';
import { showAgo, showDate, showTime } from '../../src/lib/dates';

const now = Date.parse('2026-11-22T12:00:00Z');

describe('dates', () => {
  it('does not move a date by the zone', () => {
    expect(showDate('1971-04-03', 'de-DE')).toBe('03.04.1971');
    expect(showDate('1984-11-23', 'lt-LT')).toBe('1984-11-23');
    expect(showDate('1971-10-01', 'ru-RU')).toMatch(/1 окт\. 1971/);
  });
  it('leaves what is no date', () => expect([showDate('', 'en'), showDate('soon', 'en'), showTime('soon', 'en')]).toEqual(['', 'soon', 'soon']));
  it('says how long ago', () => {
    expect(showAgo('2026-11-22T11:55:00Z', 'en', now)).toBe('5 minutes ago');
    expect(showAgo('2026-11-22T09:00:00Z', 'de', now)).toBe('vor 3 Stunden');
    expect(showAgo('2026-11-21T12:00:00Z', 'ru', now)).toBe('вчера');
    expect(showAgo('2026-08-01T12:00:00Z', 'de-DE', now)).toBe('01.08.2026');
  });
});
