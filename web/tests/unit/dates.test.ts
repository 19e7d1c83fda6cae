import { describe, expect, it } from 'vitest';
import { showAgo, showBrief, showDate, showTime } from '../../src/lib/dates';

const now = Date.parse('2026-11-22T12:00:00Z');

describe('dates', () => {
  it('does not move a date by the zone', () => {
    expect(showDate('1971-04-03', 'de-DE')).toBe('03.04.1971');
    expect(showDate('1984-11-23', 'lt-LT')).toBe('1984-11-23');
    expect(showDate('1971-10-01', 'ru-RU')).toMatch(/1 окт\. 1971/);
  });
  it('leaves what is no date', () => expect([showDate('', 'en'), showDate('soon', 'en'), showTime('soon', 'en')]).toEqual(['', 'soon', 'soon']));
  it('is brief where there is little room', () => {
    const noon = new Date(2026, 10, 22, 12).getTime();
    expect(showBrief(new Date(2026, 10, 22, 9, 5).toISOString(), 'de-DE', noon)).toBe('09:05');
    expect(showBrief(new Date(2026, 2, 1, 9, 5).toISOString(), 'en-IE', noon)).toBe('1 Mar');
    expect(showBrief(new Date(2024, 2, 1, 9, 5).toISOString(), 'de-DE', noon)).toBe('01.03.24');
    expect(showBrief('soon', 'de-DE', noon)).toBe('soon');
  });
  it('says how long ago', () => {
    expect(showAgo('2026-11-22T11:55:00Z', 'en', now)).toBe('5 minutes ago');
    expect(showAgo('2026-11-22T09:00:00Z', 'de', now)).toBe('vor 3 Stunden');
    expect(showAgo('2026-11-21T12:00:00Z', 'ru', now)).toBe('вчера');
    expect(showAgo('2026-08-01T12:00:00Z', 'de-DE', now)).toBe('01.08.2026');
  });
});
