// The picture that stands for a record: its first field of that kind.
import type { Entity, Rec } from '../api/types';
import { fileUrl, type FileRef } from './files';

export function photoOf(entity: Entity, rec: Rec): string | null {
  const f = entity.fields.find((x) => x.kind === 'picture');
  const file = f && (rec[f.name] as FileRef | null | undefined);
  return file ? fileUrl(file) : null;
}
