// How a webhook and a delivery stand, in words and colour.
import type { Hook, HookDelivery, HookOp } from '../../api/types';
import { showTime } from '../../lib/dates';
import { locale, t } from '../../lib/i18n.svelte';

export const OPS: HookOp[] = ['create', 'update', 'delete', 'restore', 'merge'];

export function hookState(h: Hook): { text: string; hue?: number } {
  if (!h.active) return h.stopped ? { text: t(`hooks.is.${h.stopped}`), hue: 25 } : { text: t('hooks.is.off') };
  if (h.paused_until) return { text: t('hooks.is.rest', { time: showTime(h.paused_until, locale()) }), hue: 75 };
  return { text: t('hooks.is.on'), hue: 155 };
}

const HUES: Partial<Record<HookDelivery['state'], number>> = { waiting: 240, sending: 240, delivered: 155, dead: 25 };
export const hueOf = (d: HookDelivery): number | undefined => (d.state === 'waiting' && d.tries ? 75 : HUES[d.state]);

const KINDS = ['refused', 'unknown', 'unreached', 'certificate', 'timeout', 'broken', 'too_large'] as const;
/** What came of the last try; "" before the first. */
export function outcome(d: HookDelivery): string {
  const kind = KINDS.find((k) => k === d.answer);
  if (d.status) return t('hooks.status', { status: d.status });
  return kind ? t(`hooks.why.${kind}`) : '';
}
