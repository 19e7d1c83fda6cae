// Taking back a change or a batch; when later edits stand in the way, the question is put to the user.
import { undo, type UndoWhat } from '../api/calls';
import { Problem } from '../api/client';
import type { Kept, Undone } from '../api/types';
import { resultOf } from './jobs';
import { say, sayProblem } from './say';
import { dismiss, toast } from './toast.svelte';
import { t } from './i18n.svelte';

interface Question { what: UndoWhat; redo: boolean; kept: Kept[]; done: (ok: boolean) => void }
const SLOW_MS = 600;
let question = $state.raw<Question | null>(null);

export const undoQuestion = (): Question | null => question;

async function send(what: UndoWhat, redo: boolean, how: { force?: true; keep?: true }): Promise<boolean> {
  let notice = 0;
  const slow = setTimeout(() => (notice = toast(t('undo.running'))), SLOW_MS);
  const { data: reply } = await undo(what, how).finally(() => {
    clearTimeout(slow);
    if (notice) dismiss(notice);
  });
  const data = 'job' in reply ? await resultOf<Undone>(reply.job, t('undo.running')) : reply;
  say(t(redo ? 'undo.back' : 'undo.done', { n: data.undone }), data.batch ? { label: t(redo ? 'undo' : 'redo'), run: () => void takeBack({ batch: data.batch }, !redo) } : undefined);
  if (data.left.length) toast(`${t('undo.left', { n: data.left.length })}: ${data.left.slice(0, 3).map((x) => `${x.title} (${x.why})`).join(', ')}`, undefined, 'bad');
  return true;
}

/** Undoes; true when something was taken back. A redo is the undo of an undo, only the words are others. */
export async function takeBack(what: UndoWhat, redo = false): Promise<boolean> {
  try {
    return await send(what, redo, {});
  } catch (e) {
    const kept = e instanceof Problem && e.status === 409 ? (e.body.conflicts as Kept[] | undefined) : undefined;
    if (!kept) {
      sayProblem(e);
      return false;
    }
    return new Promise((done) => {
      question = { what, redo, kept, done };
    });
  }
}

export async function answer(how: 'force' | 'keep' | 'cancel'): Promise<void> {
  const q = question;
  question = null;
  if (!q) return;
  if (how === 'cancel') return q.done(false);
  try {
    q.done(await send(q.what, q.redo, how === 'force' ? { force: true } : { keep: true }));
  } catch (e) {
    sayProblem(e);
    q.done(false);
  }
}

export const undoToast = (text: string, change: string | null, after?: () => void): void =>
  say(text, change ? { label: t('undo'), run: () => void takeBack({ change }).then((ok) => ok && after?.()) } : undefined);
