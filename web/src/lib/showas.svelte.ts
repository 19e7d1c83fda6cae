// Looking through somebody else's rights: the server gives what he sees, and takes no change. Kept for this tab.
import { setAs } from '../api/client';
import { loadMeta } from './meta.svelte';
import { go } from './router.svelte';

interface Shown { id: string; name: string }
const KEY = 'kontor-as';

function kept(): Shown | null {
  try {
    return JSON.parse(sessionStorage.getItem(KEY) ?? 'null') as Shown | null;
  } catch {
    return null;
  }
}
let shown = $state.raw<Shown | null>(kept());
setAs(shown?.id ?? '');

export const shownAs = (): Shown | null => shown;

/** null: as oneself again. */
export async function showAs(who: Shown | null): Promise<void> {
  shown = who;
  setAs(who?.id ?? '');
  if (who) sessionStorage.setItem(KEY, JSON.stringify(who));
  else sessionStorage.removeItem(KEY);
  await loadMeta();
  go(who ? '/' : '/settings/roles');
}
