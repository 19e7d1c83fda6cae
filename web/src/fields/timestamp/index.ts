import { showTime } from '../../lib/dates';
import { locale } from '../../lib/i18n.svelte';
import { asText, type FieldKind } from '../kind';
import Input from './Input.svelte';
import View from './View.svelte';

const plain: FieldKind['plain'] = (v) => (asText(v) ? showTime(asText(v), locale()) : '');
export const timestamp: FieldKind = { View, Input, plain, filter: 'date', width: '124px' };
