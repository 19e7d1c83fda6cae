import { locale } from '../../lib/i18n.svelte';
import { showDecimal } from '../../lib/numbers';
import { decimal } from '../decimal';
import { asText, type FieldKind } from '../kind';

export const int: FieldKind = { ...decimal, plain: (v) => (asText(v) === '' ? '' : showDecimal(asText(v), locale())), width: '100px' };
