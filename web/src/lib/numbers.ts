// Numbers as people type them, kept as decimal strings: never through a float.

/** "12.480,50 €", "1 250 000", "12,480.50" -> "12480.50"; null when it is no number. The last mark with 1-2 digits, or the only
 *  kind of mark that occurs once, is the decimal mark; `comma` says what a lone mark before three digits means. */
export function parseDecimal(text: string, comma: boolean): string | null {
  const s = text.replace(/[\s\u00a0\u202f'’]/g, '').replace(/[€$£₽%]|EUR|USD|RUB/gi, '').replace(/^−/, '-');
  if (!/^[+-]?[\d.,]*\d[\d.,]*$/.test(s)) return null;
  const sign = s.startsWith('-') ? '-' : '';
  const body = s.replace(/^[+-]/, '');
  const at = decimalMark(body, comma);
  const groups = at < 0 ? body : body.slice(0, at);
  if (!/^(\d*|\d{1,3}([.,])\d{3}(\2\d{3})*)$/.test(groups)) return null;
  const whole = groups.replace(/[.,]/g, '').replace(/^0+(?=\d)/, '') || '0';
  const part = at < 0 ? '' : body.slice(at + 1);
  if (/[.,]/.test(part)) return null;
  return sign + whole + (part ? '.' + part : '');
}

function decimalMark(body: string, comma: boolean): number {
  const dot = body.lastIndexOf('.');
  const com = body.lastIndexOf(',');
  if (dot >= 0 && com >= 0) return Math.max(dot, com);
  const at = Math.max(dot, com);
  if (at < 0) return -1;
  const mark = body[at] as string;
  if (body.indexOf(mark) !== at) return -1;
  const groups = body.length - at - 1 === 3 && at > 0 && at <= 3;
  return groups && (mark === ',') !== comma ? -1 : at;
}

export const usesComma = (locale: string): boolean =>
  new Intl.NumberFormat(locale).formatToParts(1.5).some((p) => p.type === 'decimal' && p.value === ',');

export function showDecimal(v: string | number, locale: string, scale?: number): string {
  const f = new Intl.NumberFormat(locale, scale === undefined ? { maximumFractionDigits: 9 } : { minimumFractionDigits: scale, maximumFractionDigits: Math.max(scale, 0) });
  return f.format(v as Intl.StringNumericLiteral);
}

export function showMoney(amount: string, currency: string, locale: string): string {
  try {
    return new Intl.NumberFormat(locale, { style: 'currency', currency }).format(amount as Intl.StringNumericLiteral);
  } catch {
    return `${amount} ${currency}`;
  }
}

export function showBytes(n: number, locale: string): string {
  const unit = n < 1e6 ? 'kilobyte' : 'megabyte';
  const v = n < 1e6 ? Math.max(0.1, n / 1e3) : n / 1e6;
  return new Intl.NumberFormat(locale, { style: 'unit', unit, maximumFractionDigits: 1 }).format(v);
}

/** Seconds as h:mm, with seconds only where there are some; it reads back as it is shown, here and in an import. */
export function showDuration(seconds: number): string {
  const two = (n: number) => String(Math.floor(n)).padStart(2, '0');
  const s = seconds % 60;
  return `${Math.floor(seconds / 3600)}:${two((seconds % 3600) / 60)}${s ? `:${two(s)}` : ''}`;
}

/** Seconds; a bare number is seconds already. null: it is no length of time. */
export function parseDuration(text: string): number | null {
  const m = /^(\d{1,7})(?::([0-5]?\d))?(?::([0-5]?\d))?$/.exec(text.trim());
  if (!m) return null;
  const [, a, b, c] = m.map(Number);
  return m[2] === undefined ? (a ?? 0) : (a ?? 0) * 3600 + (b ?? 0) * 60 + (c || 0);
}
