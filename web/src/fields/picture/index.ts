import type { Stored } from '../../api/types';
import type { FieldKind } from '../kind';
import View from '../shared/PlainView.svelte';

const plain: FieldKind['plain'] = (v) => (v as Stored | null | undefined)?.name ?? '';
export const picture: FieldKind = { View, Input: null, plain, filter: 'none', width: 'minmax(120px, 1fr)' };
