import type { Choice, Field, Kind } from '../../api/types';
import { filled } from './form.svelte';

/** The kinds an administrator may choose for a new field, simple ones first. */
export const kinds: Kind[] = [
  'text', 'longtext', 'int', 'decimal', 'money', 'percent', 'date', 'timestamp', 'duration', 'bool', 'choice', 'choices', 'tags', 'link', 'links', 'user', 'phones', 'mails',
  'addresses', 'url', 'urls', 'file', 'picture', 'rating', 'autonumber', 'formula', 'rollup',
];

/** Kinds whose values follow from others. */
export const isComputed = (k: Kind): boolean => k === 'formula' || k === 'rollup';
/** Kinds that nobody writes. */
export const isGiven = (k: Kind): boolean => isComputed(k) || k === 'autonumber';

/** The kinds whose values are one text that another of them may read. */
export const alike: Kind[] = ['text', 'longtext', 'int', 'decimal', 'money', 'percent', 'date', 'timestamp', 'duration', 'bool', 'choice', 'choices', 'url', 'rating'];

export const isScaled = (k: Kind): boolean => k === 'decimal' || k === 'percent';
export const hasChoices = (k: Kind): boolean => k === 'choice' || k === 'choices';

/** A choice as it is typed, in the languages it has a text in; old: it was there before. */
export interface Option { key: string; words: Record<string, string>; hue: number; old?: boolean }
export const toOptions = (f: Field | null): Option[] =>
  (f?.choices ?? []).map((c) => ({ key: c.key, words: { ...(c.label as Record<string, string>) }, hue: c.hue ?? -1, old: true }));
// A label given in one language alone serves all of them.
export const fromOptions = (list: Option[]): Choice[] =>
  list.flatMap((c) => {
    const words = filled(c.words);
    const first = Object.values(words)[0];
    return first ? [{ key: c.key, label: { en: first, ...words }, hue: c.hue }] : [];
  });
