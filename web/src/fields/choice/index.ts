import { label } from '../../lib/meta.svelte';
import { asText, type FieldKind } from '../kind';
import Input from './Input.svelte';
import View from './View.svelte';

const plain: FieldKind['plain'] = (v, f) => label(f.choices?.find((c) => c.key === v)?.label, asText(v));
export const choice: FieldKind = { View, Input, plain, filter: 'choice', width: '130px' };
