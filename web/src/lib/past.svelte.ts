// A list as it was at a moment. The server answers page by page; when too much has changed since, a job makes the list and its pages are read.
import { cancelJob, asOfPage, askAsOf, list, type ListQuery } from '../api/calls';
import { Problem } from '../api/client';
import type { Page, Rec } from '../api/types';
import { t } from './i18n.svelte';
import { follow } from './jobs';

const PAGE = 100;
const TOO_MUCH = 413;

export class Past {
  /** how far the job is, while it is at work */
  part = $state.raw<{ done: number; total: number } | null>(null);
  private job = '';

  constructor(
    readonly entity: string,
    readonly at: string,
    readonly query: ListQuery,
  ) {}

  page = async (cursor: string | null): Promise<Page<Rec>> => {
    if (!this.job) {
      try {
        return await list(this.entity, { ...this.query, at: this.at }, PAGE, cursor);
      } catch (e) {
        if (cursor || !(e instanceof Problem) || e.status !== TOO_MUCH) throw e;
      }
      await this.make();
    }
    const p = await asOfPage(this.job, PAGE, cursor);
    return { ...p, count: { value: p.count, exact: true } };
  };

  private async make(): Promise<void> {
    const job = await askAsOf(this.entity, this.at, this.query);
    this.job = job;
    this.part = { done: 0, total: 0 };
    const end = await follow(job, (j) => (this.part = { done: j.done, total: j.total })).finally(() => (this.part = null));
    if (end.state === 'done') return;
    this.job = '';
    throw new Problem(409, 'conflict', end.error ?? t('list.pastStopped'));
  }

  /** Nobody waits for it any more. */
  leave(): void {
    if (this.part) void cancelJob(this.job).catch(() => undefined);
  }
}
