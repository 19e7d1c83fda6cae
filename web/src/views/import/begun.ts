// An import that was begun before this page was opened: what the server's list of jobs knows of it.
import { getBatch, getJob, type Mapping } from '../../api/calls';
import { jobs } from '../../api/manage';
import type { Job, Report } from '../../api/types';
import { me } from '../../lib/session.svelte';
import { keepSetting, setting } from '../../lib/settings.svelte';

/** What the job was asked, as this page sent it. */
export interface Asked { file: string; sheet: number; entity: string; mapping: Mapping; name?: string }
export type Begun = Job<Report> & { asked: Asked };

const SEEN = 'import.seen';
const DAY_MS = 24 * 3600 * 1000;
const PAGES = 5;

/** The newest import or check of an import of this user, within a day: null when there is none, or when it is over and was left. */
export async function begun(): Promise<Begun | null> {
  let cursor: string | null = null;
  for (let n = 0; n < PAGES; n++) {
    const page = await jobs(cursor);
    const row = page.data.find((j) => j.by === me()?.user.id && /^import_(dry|run)$/.test(j.kind));
    const last = row ?? page.data.at(-1);
    if (!last || Date.now() - Date.parse(last.at) > DAY_MS) return null;
    if (row) return row.state === 'cancelled' || row.id === setting(SEEN) ? null : open(row.id);
    cursor = page.next;
    if (!cursor) return null;
  }
  return null;
}

async function open(id: string): Promise<Begun | null> {
  const job = await getJob<Report>(id);
  const batch = job.kind === 'import_run' && job.state === 'done' ? job.result?.batch : undefined;
  const undone = batch ? await getBatch(batch).then((b) => b.state !== 'done', () => false) : false;
  return !undone && isAsked(job.asked) ? { ...job, asked: job.asked } : null;
}

function isAsked(x: unknown): x is Asked {
  const a = x as Partial<Asked> | null | undefined;
  return typeof a?.file === 'string' && typeof a.sheet === 'number' && typeof a.entity === 'string' && Array.isArray(a.mapping?.columns);
}

/** Its end was seen and left: the page begins anew. */
export const leave = (job: string): Promise<void> => keepSetting(SEEN, job);
