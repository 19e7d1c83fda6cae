import { locale } from '../../lib/i18n.svelte';
import { showDecimal } from '../../lib/numbers';
import { asText, type FieldKind } from '../kind';
import Input from '../shared/NumberInput.svelte';
import View from '../shared/PlainView.svelte';

const plain: FieldKind['plain'] = (v, f) => (asText(v) === '' ? '' : showDecimal(asText(v), locale(), f.scale));
export const decimal: FieldKind = { View, Input, plain, filter: 'number', width: '120px', end: true };
