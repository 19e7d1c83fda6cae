import type { Phone } from '../../api/types';
import { asList, type FieldKind } from '../kind';
import Input from './Input.svelte';
import View from './View.svelte';

const plain: FieldKind['plain'] = (v) => asList<Phone>(v).map((p) => (typeof p === 'string' ? p : p.value)).join(', ');
export const phones: FieldKind = { View, Input, plain, filter: 'text', width: 'minmax(164px, 1fr)' };
