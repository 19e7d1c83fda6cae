import { link } from '../link';
import type { FieldKind } from '../kind';

export const user: FieldKind = { ...link, width: 'minmax(112px, 1fr)' };
