// How items of other systems stand, in words and colour.
import type { SyncItem, SyncOpen, SyncState } from '../../api/types';
import { t } from '../../lib/i18n.svelte';
import { entity, field, label, noun } from '../../lib/meta.svelte';

export const OPEN: SyncOpen[] = ['received', 'retry', 'held', 'refused'];
export const HUES: Partial<Record<SyncState, number>> = { received: 240, retry: 75, held: 300, refused: 25, applied: 155 };

const CODES = ['invalid', 'conflict', 'denied', 'auth', 'not_found', 'link', 'limit', 'busy', 'stale', 'replaced', 'old'] as const;
/** A reason in words, with the field's label where it has one. */
export function reason(code: string, of = '', name = ''): string {
  const known = CODES.find((c) => c === code);
  const where = name ? label(field(entity(of), name)?.label, name) : '';
  const why = known ? t(`sync.code.${known}`) : code;
  return where ? `${where}: ${why}` : why;
}
export const isStuck = (i: SyncItem): boolean => i.state === 'refused' || i.state === 'retry' || i.state === 'held';
/** "Company 4711": what an item is about. */
export function about(i: SyncItem): string {
  const e = entity(i.entity);
  return [e ? noun(e) : i.entity, i.external].filter(Boolean).join(' ') || i.id;
}
