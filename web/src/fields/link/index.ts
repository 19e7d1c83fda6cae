import type { Ref } from '../../api/types';
import type { FieldKind } from '../kind';
import Input from './Input.svelte';
import View from './View.svelte';

const plain: FieldKind['plain'] = (v) => (v as Ref | null | undefined)?.title ?? '';
export const link: FieldKind = { View, Input, plain, filter: 'link', width: 'minmax(130px, 1.6fr)' };
