import { isEmpty, type FieldKind } from '../kind';
import View from '../shared/PlainView.svelte';

export const json: FieldKind = { View, Input: null, plain: (v) => (isEmpty(v) ? '' : JSON.stringify(v)), filter: 'none', width: 'minmax(120px, 1fr)' };
