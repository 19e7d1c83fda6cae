import { showDuration } from '../../lib/numbers';
import { decimal } from '../decimal';
import type { FieldKind } from '../kind';
import Input from './Input.svelte';

export const duration: FieldKind = { ...decimal, Input, plain: (v) => (typeof v === 'number' ? showDuration(v) : ''), filter: 'duration', width: '90px' };
