import { link } from '../link';
import type { FieldKind } from '../kind';

export const user: FieldKind = { ...link, width: 'minmax(120px, 1fr)' };
