// A person's local time in words; a guess says what it was made from.
import type { Rec } from '../api/types';
import { locale, t } from './i18n.svelte';
import { timeThere, zoneOf } from './zone';

export function localTime(rec: Rec, now: Date): string {
  const z = zoneOf(rec);
  if (!z) return '';
  const time = timeThere(z.zone, locale(), now);
  return z.from === 'record' ? t('time.there', { time }) : z.from === 'address' ? t('time.guessed.address', { time }) : t('time.guessed.phone', { time });
}
