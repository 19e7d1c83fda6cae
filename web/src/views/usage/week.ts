// A week by its hours, in the time of whoever looks: what the heat pictures and their tables are drawn from.
import type { UsageRow } from '../../api/types';

export const HOUR = 3_600_000;

/** Monday, midnight here, `back` weeks before the present one. */
export function monday(now: Date, back: number): Date {
  const d = new Date(now.getFullYear(), now.getMonth(), now.getDate() - 7 * back);
  d.setDate(d.getDate() - ((d.getDay() + 6) % 7));
  return d;
}

export interface Cell { day: number; hour: number; pages: number; actions: number }

/** The hours that the server told, by day (0: the first) and hour here; an hour that the clocks repeat is one. */
export function cells(row: UsageRow, from: Date): Cell[] {
  const all = new Map<number, Cell>();
  for (const [h, pages, actions] of row.hours) {
    const at = new Date(from.getTime() + h * HOUR);
    const day = Math.round((new Date(at.getFullYear(), at.getMonth(), at.getDate()).getTime() - from.getTime()) / (24 * HOUR));
    if (day < 0 || day > 6) continue;
    const key = day * 24 + at.getHours();
    const was = all.get(key);
    all.set(key, { day, hour: at.getHours(), pages: pages + (was?.pages ?? 0), actions: actions + (was?.actions ?? 0) });
  }
  return [...all.values()];
}

/** How dark a cell is, 1 to 4, by its share of the busiest one. */
export const shade = (c: Cell, most: number): number => Math.min(4, Math.max(1, Math.ceil((4 * (c.pages + c.actions)) / Math.max(1, most))));
export const busiest = (all: Cell[]): number => all.reduce((n, c) => Math.max(n, c.pages + c.actions), 0);

/** For each day that has any: its first and last hour and its sums. */
export function days(all: Cell[]): { day: number; first: number; last: number; pages: number; actions: number }[] {
  return [0, 1, 2, 3, 4, 5, 6].flatMap((day) => {
    const of = all.filter((c) => c.day === day);
    if (!of.length) return [];
    const hours = of.map((c) => c.hour);
    return [{ day, first: Math.min(...hours), last: Math.max(...hours), pages: of.reduce((n, c) => n + c.pages, 0), actions: of.reduce((n, c) => n + c.actions, 0) }];
  });
}
