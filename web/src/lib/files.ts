// Stored files as records hold them, and what an upload answers.
import { BASE } from '../api/client';
import type { Stored } from '../api/types';

export interface FileRef { id: string; title: string; type?: string; bytes?: number }

export const fileUrl = (f: { id: string }): string => `${BASE}/file/${f.id}`;
export const toRef = (s: Stored): FileRef => ({ id: s.id, title: s.name, type: s.type, bytes: s.bytes });

/** "1.2 MB" in the words of the language; '' when it is not known */
export function sizeText(bytes: number | undefined, lang: string): string {
  if (bytes === undefined) return '';
  const units = ['byte', 'kilobyte', 'megabyte', 'gigabyte'];
  let n = bytes;
  let i = 0;
  while (n >= 1000 && i < units.length - 1) {
    n /= 1000;
    i++;
  }
  return new Intl.NumberFormat(lang, { style: 'unit', unit: units[i] ?? 'byte', unitDisplay: i ? 'short' : 'long', maximumFractionDigits: i > 1 ? 1 : 0 }).format(n);
}
