// Following a job: live events tell that it moved, asking tells how far; without events it is asked for by the clock.
import { getJob } from '../api/calls';
import type { Job } from '../api/types';
import { Problem } from '../api/client';
import { t } from './i18n.svelte';
import { hear } from './live.svelte';
import { toastBar } from './toast.svelte';

const ASK_MS = 1000;
const GAP_MS = 250;
const over = (j: Job) => j.state === 'done' || j.state === 'failed' || j.state === 'cancelled';

/** Calls `step` at every sign of life and resolves with the finished job. */
export function follow<T>(id: string, step: (j: Job<T>) => void): Promise<Job<T>> {
  return new Promise((resolve, reject) => {
    let asked = -Infinity;
    let asking = false;
    let misses = 0;
    let soon: ReturnType<typeof setTimeout> | undefined;
    const end = (f: () => void) => {
      off();
      clearInterval(timer);
      clearTimeout(soon);
      f();
    };
    const ask = async () => {
      soon = undefined;
      if (asking) return;
      asking = true;
      asked = performance.now();
      try {
        const j = await getJob<T>(id);
        misses = 0;
        step(j);
        if (over(j)) end(() => resolve(j));
      } catch (e) {
        if (++misses > 5) end(() => reject(e));
      }
      asking = false;
    };
    const off = hear((m) => {
      if (m.type === 'job' && m.data.id === id) soon ??= setTimeout(() => void ask(), Math.max(0, asked + GAP_MS - performance.now()));
    });
    const timer = setInterval(() => performance.now() - asked >= ASK_MS && void ask(), ASK_MS);
    void ask();
  });
}

/** The result of a job that is shown by a bar at the foot of the page; one that failed or was cancelled is a problem. */
export async function resultOf<T>(id: string, text: string): Promise<T> {
  const bar = toastBar(text);
  const job = await follow<T>(id, (j) => j.total && bar.step(j.done / j.total)).finally(bar.end);
  if (job.state !== 'done' || !job.result) throw new Problem(409, 'conflict', job.error ?? t('batch.failed'));
  return job.result;
}
