import type { Mail } from '../../api/types';
import { asList, type FieldKind } from '../kind';
import Input from './Input.svelte';
import View from './View.svelte';

const plain: FieldKind['plain'] = (v) => asList<Mail>(v).map((p) => (typeof p === 'string' ? p : p.value)).join(', ');
export const mails: FieldKind = { View, Input, plain, filter: 'text', width: 'minmax(140px, 1.4fr)' };
