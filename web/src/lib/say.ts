// Telling the user what happened.
import { Problem } from '../api/client';
import { t } from './i18n.svelte';
import { toast, type Toast } from './toast.svelte';

export function problemText(e: unknown): string {
  if (!(e instanceof Problem)) return t('error.unknown');
  if (e.status === 0) return t('error.offline');
  if (e.status === 403) return t('error.denied');
  if (e.status === 404) return t('error.gone');
  if (e.status === 429) return t('error.many');
  if (e.status >= 500) return t('error.server', { id: String(e.body.request_id ?? e.status) });
  return e.message || t('error.unknown');
}

export const say = (text: string, action?: Toast['action']): void => void toast(text, action);
export const sayProblem = (e: unknown): void => void toast(problemText(e), undefined, 'bad');
/** What was asked is done, or why not; it is told either way. */
export async function tell(done: Promise<unknown>, text: string): Promise<void> {
  try {
    await done;
    say(text);
  } catch (e) {
    sayProblem(e);
  }
}
