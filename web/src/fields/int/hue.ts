import type { Field } from '../../api/types';

/** A number that is a colour: the hue of a group, 0 to 360. */
export const isHue = (f: Field): boolean => f.name === 'colour' && f.max === 360;
