// What may become of a row, with the hue it is shown in.
import type { Fate } from '../../api/types';

export const fates: Fate[] = ['new', 'joined', 'changed', 'refused', 'empty'];
export const hueOf: Record<Fate, number | undefined> = { new: 155, joined: 240, changed: 75, refused: 25, empty: undefined };
