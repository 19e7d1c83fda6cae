import type { Address } from '../../api/types';

/** An address in one line: as typed, else from its parts. */
export const line = (a: Address): string =>
  a.text || [a.street, [a.zip, a.city].filter(Boolean).join(' '), a.region, a.country].filter(Boolean).join(', ');
