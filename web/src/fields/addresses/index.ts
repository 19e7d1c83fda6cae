import type { Address } from '../../api/types';
import { asList, type FieldKind } from '../kind';
import Input from './Input.svelte';
import { line } from './line';
import View from './View.svelte';

const plain: FieldKind['plain'] = (v) => asList<Address>(v).map(line).join(' · ');
export const addresses: FieldKind = { View, Input, plain, filter: 'text', width: 'minmax(160px, 1.4fr)' };
