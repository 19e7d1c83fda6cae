// How much I am to be told; asked again when a person changes.
import { unreadNotices } from '../api/finding';
import { hear } from './live.svelte';

let count = $state(0);
export const unread = (): number => count;

export async function countNotices(): Promise<void> {
  count = await unreadNotices().catch(() => count);
}

/** Keeps the count fresh; gives the end of it. */
export function watchNotices(): () => void {
  let timer: ReturnType<typeof setTimeout> | undefined;
  void countNotices();
  const deaf = hear((m) => {
    if (m.type === 'change' && (['person', '*'].includes(m.data.entity) || m.data.op === 'share')) timer ??= setTimeout(() => ((timer = undefined), void countNotices()), 800);
  });
  return () => {
    clearTimeout(timer);
    deaf();
  };
}
