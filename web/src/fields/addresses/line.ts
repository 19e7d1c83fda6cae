import type { Address } from '../../api/types';

/** For a list, where a line is cut off: the town first, when it is known. */
export const townFirst = (a: Address): string =>
  a.city ? [a.city, a.street, [a.zip, a.region, a.country].filter(Boolean).join(' ')].filter(Boolean).join(', ') : line(a);

/** An address in one line: as typed, else from its parts. */
export const line = (a: Address): string =>
  a.text || [a.street, [a.zip, a.city].filter(Boolean).join(' '), a.region, a.country].filter(Boolean).join(', ');
