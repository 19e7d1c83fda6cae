import type { FieldKind } from '../kind';
import type { FileRef } from '../../lib/files';
import Input from './Input.svelte';
import View from './View.svelte';

const plain: FieldKind['plain'] = (v) => (v as FileRef | null | undefined)?.title ?? '';
export const file: FieldKind = { View, Input, now: true, plain, filter: 'none', width: 'minmax(120px, 1fr)' };
