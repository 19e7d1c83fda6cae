import { asText, type FieldKind } from '../kind';
import View from '../shared/PlainView.svelte';
import Input from '../shared/TextInput.svelte';

export const text: FieldKind = { View, Input, plain: asText, filter: 'text', width: 'minmax(110px, 1fr)' };
