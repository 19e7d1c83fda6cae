// A person's local time in words, from a table of zones that is fetched when first asked for.
import type { Rec } from '../api/types';
import { locale, t } from './i18n.svelte';

type Zones = typeof import('./zone');
let zones = $state.raw<Zones | null>(null);

/** '' until the table is there, and when nothing tells where he is; a guess says what it was made from. */
export function localTime(rec: Rec, now: Date): string {
  if (!zones) void import('./zone').then((m) => (zones = m));
  const z = zones?.zoneOf(rec);
  if (!zones || !z) return '';
  const time = zones.timeThere(z.zone, locale(), now);
  return z.from === 'record' ? t('time.there', { time }) : z.from === 'address' ? t('time.guessed.address', { time }) : t('time.guessed.phone', { time });
}
