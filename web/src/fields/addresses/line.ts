import type { Address } from '../../api/types';

/** For a list, where a line is cut off: the town first, when it is known. */
export const townFirst = (a: Address): string =>
  a.city ? [a.city, a.street, [a.zip, a.region, a.country].filter(Boolean).join(' ')].filter(Boolean).join(', ') : line(a);

/** An address in one line: as typed, else from its parts. */
export const line = (a: Address): string =>
  a.text || [a.street, [a.zip, a.city].filter(Boolean).join(' '), a.region, a.country].filter(Boolean).join(', ');

const PARTS = ['street', 'zip', 'city', 'region', 'country'] as const;

/** An address in the hands of a form; was: as it came. */
export type Typed = Record<'type' | (typeof PARTS)[number], string> & { was?: Address };

export const blank = (type = ''): Typed => ({ type, street: '', zip: '', city: '', region: '', country: '' });

/** One that is a mere line stands where the street is typed. */
export function toType(a: Address): Typed {
  const known = PARTS.some((p) => a[p]);
  return { ...blank(a.type), ...Object.fromEntries(PARTS.map((p) => [p, a[p] ?? ''])), ...(known ? {} : { street: a.text }), was: a };
}

/** What goes back: untouched parts keep the line as it was typed; undefined when nothing is left. */
export function toSend(l: Typed): Partial<Address> | undefined {
  const parts = PARTS.flatMap((p) => (l[p].trim() ? [[p, l[p].trim()] as const] : []));
  if (!parts.length) return undefined;
  const same = l.was && PARTS.every((p) => toType(l.was as Address)[p] === l[p]);
  if (same) return { ...l.was, type: l.type };
  return { type: l.type, ...Object.fromEntries(parts) };
}
