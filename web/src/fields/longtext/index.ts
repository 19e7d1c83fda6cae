import { asText, type FieldKind } from '../kind';
import Input from './Input.svelte';
import View from './View.svelte';

export const longtext: FieldKind = { View, Input, plain: asText, filter: 'text', width: 'minmax(160px, 2fr)' };
