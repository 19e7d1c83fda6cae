// The picture that stands for a record: its first field of that kind.
import type { Entity, Rec } from '../api/types';
import { fileUrl, type FileRef } from './files';

export function photoOf(entity: Entity, rec: Rec): string | null {
  const f = entity.fields.find((x) => x.kind === 'picture');
  const file = f && (rec[f.name] as FileRef | null | undefined);
  return file ? fileUrl(file) : null;
}

/** Whether a record is somebody or something with a name, so that initials stand for it; a subject's would say nothing. */
export const hasFace = (entity: string): boolean => entity !== 'interaction' && entity !== 'task';
