import { showDate } from '../../lib/dates';
import { locale } from '../../lib/i18n.svelte';
import { asText, type FieldKind } from '../kind';
import View from './View.svelte';
import Input from './Input.svelte';

const plain: FieldKind['plain'] = (v) => (asText(v) ? showDate(asText(v), locale()) : '');
export const date: FieldKind = { View, Input, plain, filter: 'date', width: '120px' };
