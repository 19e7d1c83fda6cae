// Age and the days till the next birthday, by the calendar of the one who looks. A birthday of 29 February is on 1 March in other years.
export interface Birthday { age: number; days: number }

const DAY = 86_400_000;

/** null: no such date, or one still to come. */
export function birthday(date: string, now: Date): Birthday | null {
  const [y, m, d] = date.slice(0, 10).split('-').map(Number);
  if (!y || !m || !d) return null;
  const year = now.getFullYear();
  const today = Date.UTC(year, now.getMonth(), now.getDate());
  const at = (of: number) => Date.UTC(of, m - 1, d);
  if (Date.UTC(y, m - 1, d) > today) return null;
  const next = at(year) >= today ? year : year + 1;
  const days = Math.round((at(next) - today) / DAY);
  return { age: next - y - (days === 0 ? 0 : 1), days };
}
