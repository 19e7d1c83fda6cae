// A sample firm to try things out on: made by a job, shown with its progress, taken away with one click.
import { makeSample } from '../api/calls';
import { lang, t } from './i18n.svelte';
import { follow } from './jobs';
import { say, sayProblem } from './say';
import { toastBar } from './toast.svelte';
import { takeBack } from './undo.svelte';

const PEOPLE = 200;
let making = $state(false);
export const isMakingSample = (): boolean => making;

export async function trySample(): Promise<void> {
  making = true;
  const bar = toastBar(t('sample.making'));
  try {
    const job = await follow<{ batch: string; people: number }>(await makeSample(PEOPLE, lang()), (j) => j.total && bar.step(j.done / j.total));
    const made = job.result;
    if (job.state === 'done' && made) say(t('sample.made', { n: made.people }), { label: t('undo'), run: () => void takeBack({ batch: made.batch }) });
    else say(job.error ?? t('error.unknown'));
  } catch (e) {
    sayProblem(e);
  }
  bar.end();
  making = false;
}
