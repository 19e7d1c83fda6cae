// One change for many rows: those chosen, or all that the list finds. More than a few are a job with a bar; one undo takes all of it back.
import { bulkDelete, mass, type MassAct, type MassWhich } from '../api/calls';
import { Problem } from '../api/client';
import type { Massed } from '../api/types';
import { t, type Key } from './i18n.svelte';
import { resultOf } from './jobs';
import { say, sayProblem } from './say';
import { toast } from './toast.svelte';
import { takeBack } from './undo.svelte';

const TOLD = 3;

/** Says what came of it, with the way back; `again` reads the list anew. What was refused for every row is thrown: it is told where the value was typed. */
export async function massDo(entity: string, which: MassWhich, what: MassAct, again: () => void): Promise<void> {
  const { data: reply } = await mass(entity, which, what);
  tell('job' in reply ? await resultOf<Massed>(reply.job, t('mass.running')) : reply, what.act === 'delete' ? 'list.deleted' : 'mass.done', again);
}

/** What was refused of many, the first few by name. */
export function tellRefused(done: Pick<Massed, 'refused' | 'reasons'>): void {
  if (done.refused) toast(`${t('mass.refused', { n: done.refused })}: ${done.reasons.slice(0, TOLD).map((x) => `${x.title} (${x.why})`.trim()).join(', ')}`, undefined, 'bad');
}

function tell(done: Massed, words: Key, again: () => void): void {
  if (!done.changed && done.refused) throw new Problem(422, 'invalid', done.reasons[0]?.why ?? t('batch.failed'));
  const { batch } = done;
  say(t(words, { n: done.changed }), batch ? { label: t('undo'), run: () => void takeBack({ batch }).then((ok) => ok && again()) } : undefined);
  tellRefused(done);
  again();
}

/** Who may not change many at once still puts the rows of his choice into the trash, as if one after the other. */
async function trashEach(entity: string, ids: string[]): Promise<Massed> {
  const { data } = await bulkDelete(entity, ids);
  const reasons = data.data.flatMap((x) => (x.outcome === 'refused' ? [{ id: '', title: '', why: x.detail ?? '' }] : []));
  return { batch: data.batch, changed: data.counts.deleted ?? 0, unchanged: 0, refused: reasons.length, reasons };
}

export async function massTrash(entity: string, mass: boolean, which: MassWhich, again: () => void): Promise<void> {
  try {
    if (mass || !('ids' in which)) await massDo(entity, which, { act: 'delete' }, again);
    else tell(await trashEach(entity, which.ids), 'list.deleted', again);
  } catch (e) {
    sayProblem(e);
    again();
  }
}
