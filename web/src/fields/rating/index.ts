import { int } from '../int';
import type { FieldKind } from '../kind';

const plain: FieldKind['plain'] = (v) => (typeof v === 'number' && v > 0 ? '★'.repeat(Math.min(v, 5)) + '☆'.repeat(Math.max(0, 5 - v)) : '');
export const rating: FieldKind = { ...int, plain, width: '100px', end: false };
