import { locale } from '../../lib/i18n.svelte';
import { showDecimal } from '../../lib/numbers';
import { asText, type FieldKind } from '../kind';
import View from '../shared/PlainView.svelte';

const number = /^-?\d+(\.\d+)?$/;
const plain: FieldKind['plain'] = (v, f) => (f.kind !== 'autonumber' && number.test(asText(v)) ? showDecimal(asText(v), locale(), f.scale) : asText(v));
export const autonumber: FieldKind = { View, Input: null, plain, filter: 'number', width: '120px', end: true };
