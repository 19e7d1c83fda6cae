import { describe, expect, it } from 'vitest';
import { phoneKey, phoneText } from '../../src/lib/phone';

const text = (value: string, e164?: string, ext?: string) => phoneText({ type: '', value, e164, ext });

describe('telephone numbers as people read them', () => {
  it('groups what is sure', () => {
    expect(text('89166829961', '+79166829961')).toBe('+7 916 682-99-61');
    expect(text('0151 / 234 567 89', '+4915123456789')).toBe('+49 151 23456789');
    expect(text('8 612 34567', '+37061234567')).toBe('+370 612 34567');
    expect(text('(212) 555-0142', '+12125550142')).toBe('+1 212 555 0142');
  });
  it('shows as typed what could be grouped in several ways, or is no number', () => {
    expect(text('0221 55501-12', '+492215550112')).toBe('0221 55501-12');
    expect(text('040-7654321', '+49407654321')).toBe('040-7654321');
    expect(text('нет', undefined)).toBe('нет');
  });
  it('keeps the extension', () => {
    expect(text('8 (495) 978-07-27 доб. 12', '+74959780727', '12')).toBe('+7 495 978-07-27 · 12');
    expect(text('0221 55501', '+49221555010', '34')).toBe('0221 55501 · 34');
    expect(text('0221 5550-12', '+492215550', '12')).toBe('0221 5550-12');
  });
  it('is the same in any notation, another with another extension', () => {
    const key = (value: string, e164?: string, ext?: string) => phoneKey({ type: '', value, e164, ext });
    expect(key('0221 555', '+49221555')).toBe(key('+49 221 555', '+49221555', ''));
    expect(key('0221 555 ext 12', '+49221555', '12')).not.toBe(key('0221 555 ext 34', '+49221555', '34'));
    expect(key('нет')).not.toBe(key('да'));
  });
});
