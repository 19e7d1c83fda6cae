import { asText, type FieldKind } from '../kind';
import Input from '../shared/TextInput.svelte';
import View from './View.svelte';

export const url: FieldKind = { View, Input, plain: asText, filter: 'text', width: 'minmax(140px, 1fr)' };
