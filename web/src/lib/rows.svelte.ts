// The rows of a list, read page by page by cursor as they scroll into view.
import { list, type ListQuery } from '../api/calls';
import type { Count, Page, Rec, Ref } from '../api/types';

const PAGE = 100;
const AHEAD = 50;

export class Rows {
  count = $state.raw<Count | null>(null);
  error = $state.raw<unknown>(null);
  /** the first page has come */
  ready = $state(false);
  private seen = $state(0);
  private items: Rec[] = [];
  private next: string | null = null;
  private end = false;
  private busy = false;
  private turn = 0;

  constructor(
    readonly entity: string,
    readonly query: ListQuery,
    private readonly read: (cursor: string | null, fresh: boolean) => Promise<Page<Rec>> = (cursor, fresh) => list(entity, query, PAGE, cursor, fresh),
  ) {
    void this.page();
  }

  get length(): number {
    void this.seen;
    return this.items.length;
  }

  /** Rows to make room for: those read, and a stretch of the rest. */
  get span(): number {
    const more = this.end ? 0 : Math.min(PAGE, Math.max(1, (this.count?.value ?? PAGE) - this.items.length));
    return this.length + more;
  }

  at(i: number): Rec | undefined {
    void this.seen;
    return this.items[i];
  }

  indexOf(id: string): number {
    void this.seen;
    return this.items.findIndex((r) => r.id === id);
  }

  need(last: number): void {
    if (this.ready && !this.end && last > this.items.length - AHEAD) void this.page();
  }

  put(rec: Rec): void {
    const i = this.items.findIndex((r) => r.id === rec.id);
    if (i < 0) return;
    const was = this.items[i];
    this.items[i] = { ...was, ...rec };
    this.seen++;
    // Another linked record: its columns are the server's to tell.
    const links = new Set(this.query.fields?.filter((n) => n.includes('.')).map((n) => n.split('.')[0] ?? ''));
    if ([...links].some((l) => l in rec && (rec[l] as Ref | null)?.id !== (was?.[l] as Ref | null)?.id)) void this.reload();
  }

  drop(id: string): void {
    const i = this.items.findIndex((r) => r.id === id);
    if (i < 0) return;
    this.items.splice(i, 1);
    if (this.count) this.count = { ...this.count, value: Math.max(0, this.count.value - 1) };
    this.seen++;
  }

  /** Reads again from the top; the old rows stay until the new ones are there. */
  async reload(): Promise<void> {
    this.turn++;
    this.busy = false;
    this.next = null;
    this.end = false;
    await this.page(true);
  }

  private async page(fresh = this.items.length === 0): Promise<void> {
    if (this.busy || this.end) return;
    this.busy = true;
    const turn = this.turn;
    try {
      const p = await this.read(fresh ? null : this.next, fresh);
      if (turn !== this.turn) return;
      this.items = fresh ? p.data : this.items.concat(p.data);
      this.next = p.next;
      this.end = !p.next;
      if (p.count) this.count = p.count;
      this.error = null;
      this.ready = true;
      this.seen++;
    } catch (e) {
      if (turn === this.turn) this.error = e;
    } finally {
      if (turn === this.turn) this.busy = false;
    }
  }
}
