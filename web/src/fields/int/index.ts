import { locale } from '../../lib/i18n.svelte';
import { showDecimal } from '../../lib/numbers';
import { decimal } from '../decimal';
import { asText, type FieldKind } from '../kind';
import Input from './Input.svelte';
import View from './View.svelte';

export const int: FieldKind = { ...decimal, View, Input, plain: (v) => (asText(v) === '' ? '' : showDecimal(asText(v), locale())), width: '100px' };
