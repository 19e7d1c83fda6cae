// What a finished job has done, in words: the numbers of its result that people ask for.
import { t } from '../../lib/i18n.svelte';

const SAID = ['rows', 'new', 'joined', 'changed', 'refused', 'pairs', 'merged', 'undone', 'count'] as const;

export function sayResult(result: Record<string, unknown> | null): string[] {
  return SAID.flatMap((k) => {
    const n = result?.[k];
    return typeof n === 'number' && (n > 0 || k === 'rows' || k === 'count' || k === 'pairs') ? [t(`jobs.did.${k}`, { n })] : [];
  });
}
