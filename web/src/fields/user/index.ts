import { link } from '../link';
import type { FieldKind } from '../kind';

export const user: FieldKind = { ...link, width: 'minmax(100px, 1fr)' };
