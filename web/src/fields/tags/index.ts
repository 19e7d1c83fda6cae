import type { Ref } from '../../api/types';
import { asList, type FieldKind } from '../kind';
import Input from './Input.svelte';
import View from './View.svelte';

const plain: FieldKind['plain'] = (v) => asList<string | Ref>(v).map((x) => (typeof x === 'string' ? x : x.title)).join(', ');
export const tags: FieldKind = { View, Input, plain, filter: 'text', width: 'minmax(120px, 1fr)' };
