import { describe, expect, it } from 'vitest';
import { parseDecimal, parseDuration, showBytes, showDecimal, showDuration, showMoney, usesComma } from '../../src/lib/numbers';

const plain = (s: string) => s.replace(/[\u00a0\u202f]/g, ' ');

describe('parseDecimal', () => {
  it.each([
    ['12.480,50 €', true, '12480.50'], ['12,480.50', false, '12480.50'], ['1 250 000 ₽', true, '1250000'], ['3200', true, '3200'], ['0', true, '0'], ['-5,5', true, '-5.5'],
    ['−5,5', true, '-5.5'], ['1.234', true, '1234'], ['1.234', false, '1.234'], ['1,234', true, '1.234'], ['1,234', false, '1234'], ['1.234.567', true, '1234567'], ['007', false, '7'],
    ['123456789012345678901,99', true, '123456789012345678901.99'], ["1'250.00", false, '1250.00'], ['19 %', false, '19'],
  ])('%s (comma %s) is %s', (text, comma, want) => expect(parseDecimal(text, comma)).toBe(want));
  it.each(['', 'abc', '1-2', '12a', '1,2,3.4.5', '.', '--1', '1e5'])('refuses %j', (text) => expect(parseDecimal(text, true)).toBeNull());
});

describe('showing', () => {
  it('writes numbers of the region', () => {
    expect(plain(showDecimal('1250000', 'ru-RU'))).toBe('1 250 000');
    expect(showDecimal('12480.5', 'de-DE', 2)).toBe('12.480,50');
    expect(plain(showDecimal('12480.5', 'lt-LT', 2))).toBe('12 480,50');
  });
  it('keeps every digit of a large decimal', () => expect(showDecimal('123456789012345678901.99', 'en-US', 2)).toBe('123,456,789,012,345,678,901.99'));
  it('writes money with its sign', () => {
    expect(plain(showMoney('12480.50', 'EUR', 'de-DE'))).toBe('12.480,50 €');
    expect(plain(showMoney('1250000', 'RUB', 'ru-RU'))).toBe('1 250 000,00 ₽');
    expect(showMoney('1', 'no currency', 'de-DE')).toBe('1 no currency');
  });
  it('knows who writes a comma', () => expect([usesComma('de-DE'), usesComma('en-US'), usesComma('ru-RU')]).toEqual([true, false, true]));
  it('writes durations and sizes', () => {
    expect([showDuration(0), showDuration(65), showDuration(3725), showDuration(5400)]).toEqual(['0:00', '0:01:05', '1:02:05', '1:30']);
    expect([0, 65, 3725, 5400].map((n) => parseDuration(showDuration(n)))).toEqual([0, 65, 3725, 5400]);
    expect(['90', ' 1:5 ', '1:60', 'x', ''].map(parseDuration)).toEqual([90, 3900, null, null, null]);
    expect(showBytes(2_500_000, 'en')).toBe('2.5 MB');
  });
});
