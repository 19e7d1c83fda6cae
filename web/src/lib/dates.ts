// Dates as people read them. A date ("2026-11-22") has no zone; a time stamp is shown in the browser's.
export function showDate(date: string, locale: string): string {
  const [y, m, d] = date.slice(0, 10).split('-').map(Number);
  if (!y || !m || !d) return date;
  return new Intl.DateTimeFormat(locale, { dateStyle: 'medium', timeZone: 'UTC' }).format(Date.UTC(y, m - 1, d));
}

export function showTime(at: string, locale: string): string {
  const ms = Date.parse(at);
  return Number.isNaN(ms) ? at : new Intl.DateTimeFormat(locale, { dateStyle: 'medium', timeStyle: 'short' }).format(ms);
}

/** The day of a time stamp, whose hour says nothing. */
export function showDay(at: string, locale: string): string {
  const ms = Date.parse(at);
  return Number.isNaN(ms) ? at : new Intl.DateTimeFormat(locale, { dateStyle: 'medium' }).format(ms);
}
/** The day of a time stamp, by its name; the time of day. */
export function showDayName(at: string, locale: string): string {
  const ms = Date.parse(at);
  return Number.isNaN(ms) ? at : new Intl.DateTimeFormat(locale, { weekday: 'long', day: 'numeric', month: 'long', year: 'numeric' }).format(ms);
}
export function showClock(at: string, locale: string): string {
  const ms = Date.parse(at);
  return Number.isNaN(ms) ? at : new Intl.DateTimeFormat(locale, { hour: '2-digit', minute: '2-digit' }).format(ms);
}
/** "2026-11-22", as here. */
export function dayOf(ms: number): string {
  const d = new Date(ms);
  return [String(d.getFullYear()), String(d.getMonth() + 1).padStart(2, '0'), String(d.getDate()).padStart(2, '0')].join('-');
}

/** The shortest that still tells when: the time of today, a day of this year, else the date in figures. */
export function showBrief(at: string, locale: string, now: number): string {
  const ms = Date.parse(at);
  if (Number.isNaN(ms)) return at;
  const [d, today] = [new Date(ms), new Date(now)];
  if (d.toDateString() === today.toDateString()) return new Intl.DateTimeFormat(locale, { timeStyle: 'short' }).format(d);
  const year = d.getFullYear() === today.getFullYear();
  return new Intl.DateTimeFormat(locale, year ? { day: 'numeric', month: 'short' } : { dateStyle: 'short' }).format(d);
}

/** "5 minutes ago", "yesterday", and beyond two weeks the date; of a day without an hour "today" and "yesterday" at the least. */
export function showAgo(at: string, locale: string, now: number, day = false): string {
  const ms = Date.parse(at);
  if (Number.isNaN(ms)) return at;
  const f = new Intl.RelativeTimeFormat(locale, { numeric: 'auto' });
  const min = Math.round(((day ? new Date(ms).setHours(12, 0, 0, 0) - new Date(now).setHours(12, 0, 0, 0) : ms - now)) / 60_000);
  if (!day && Math.abs(min) < 60) return f.format(min, 'minute');
  if (!day && Math.abs(min) < 60 * 24) return f.format(Math.round(min / 60), 'hour');
  const days = Math.round(min / 1440);
  if (Math.abs(days) <= 14) return f.format(days, 'day');
  return showDay(at, locale);
}
