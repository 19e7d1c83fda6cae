// A list that is read page by page by a button: rows so far, the next cursor, what went wrong.
import type { Page } from '../api/types';
import { problemText } from './say';

export class Pages<T> {
  /** null: not read yet */
  list = $state.raw<T[] | null>(null);
  next = $state<string | null>(null);
  failed = $state('');

  /** of: what is asked for; an answer to what is no longer asked for is passed over. */
  constructor(
    private readonly read: (cursor: string | null) => Promise<Page<T>>,
    private readonly of: () => unknown = () => null,
  ) {}

  /** From the beginning, or what follows; the rows that came. */
  async load(more = false): Promise<T[]> {
    const asked = this.of();
    try {
      const page = await this.read(more ? this.next : null);
      if (asked !== this.of()) return [];
      this.list = more ? [...(this.list ?? []), ...page.data] : page.data;
      this.next = page.next;
      this.failed = '';
      return page.data;
    } catch (e) {
      if (asked === this.of()) this.failed = problemText(e);
      return [];
    }
  }
}
