import type { Ref } from '../../api/types';
import { asList, type FieldKind } from '../kind';
import Input from './Input.svelte';
import View from './View.svelte';

const plain: FieldKind['plain'] = (v) => asList<Ref>(v).map((r) => r.title).join(', ');
export const links: FieldKind = { View, Input, plain, filter: 'link', width: 'minmax(110px, 1fr)' };
