import { locale } from '../../lib/i18n.svelte';
import { showDecimal } from '../../lib/numbers';
import { decimal } from '../decimal';
import { asText, type FieldKind } from '../kind';

const plain: FieldKind['plain'] = (v) => (asText(v) === '' ? '' : showDecimal(asText(v), locale()) + '\u00a0%');
export const percent: FieldKind = { ...decimal, plain, width: '90px' };
