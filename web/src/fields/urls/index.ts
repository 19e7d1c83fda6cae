import type { Site } from '../../api/types';
import { asList, type FieldKind } from '../kind';
import Input from './Input.svelte';
import View from './View.svelte';

const plain: FieldKind['plain'] = (v) => asList<Site | string>(v).map((s) => (typeof s === 'string' ? s : s.value)).join(', ');
export const urls: FieldKind = { View, Input, plain, filter: 'text', width: 'minmax(140px, 1fr)' };
