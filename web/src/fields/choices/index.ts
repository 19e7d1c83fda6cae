import { label } from '../../lib/meta.svelte';
import { asList, type FieldKind } from '../kind';
import Input from './Input.svelte';
import View from './View.svelte';

const plain: FieldKind['plain'] = (v, f) => asList<string>(v).map((k) => label(f.choices?.find((c) => c.key === k)?.label, k)).join(', ');
export const choices: FieldKind = { View, Input, plain, filter: 'choice', width: 'minmax(130px, 1fr)' };
