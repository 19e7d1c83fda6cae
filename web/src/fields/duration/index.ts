import { showDuration } from '../../lib/numbers';
import { decimal } from '../decimal';
import type { FieldKind } from '../kind';

export const duration: FieldKind = { ...decimal, plain: (v) => (typeof v === 'number' ? showDuration(v) : ''), width: '90px' };
