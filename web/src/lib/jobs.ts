// Following a job: by live events, and by asking when none come.
import { getJob } from '../api/calls';
import type { Job } from '../api/types';
import { hear } from './live.svelte';

const ASK_MS = 1000;
const over = (j: Job) => j.state === 'done' || j.state === 'failed' || j.state === 'cancelled';

/** Calls `step` at every sign of life and resolves with the finished job. */
export function follow<T>(id: string, step: (j: Job<T>) => void): Promise<Job<T>> {
  return new Promise((resolve, reject) => {
    let heard = -Infinity;
    let misses = 0;
    const end = (f: () => void) => {
      off();
      clearInterval(timer);
      f();
    };
    const take = (j: Job<T>) => {
      step(j);
      if (over(j)) end(() => resolve(j));
    };
    const ask = async () => {
      if (performance.now() - heard < ASK_MS * 2) return;
      try {
        take(await getJob<T>(id));
        misses = 0;
      } catch (e) {
        if (++misses > 5) end(() => reject(e));
      }
    };
    const off = hear((m) => {
      if (m.type !== 'job' || m.data.id !== id) return;
      heard = performance.now();
      // The event may leave out the result: the whole job is asked for once at its end.
      if (over(m.data)) void getJob<T>(id).then(take, reject);
      else step(m.data as Job<T>);
    });
    const timer = setInterval(() => void ask(), ASK_MS);
    void ask();
  });
}
