import type { Choice, Field, Kind, Value } from '../../api/types';
import { lang } from '../../lib/i18n.svelte';
import { label } from '../../lib/meta.svelte';

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

/** A choice as it is typed; from: what it was. */
export interface Option { key: string; text: string; hue: number; from?: Choice }
export const toOptions = (f: Field | null): Option[] =>
  (f?.choices ?? []).map((c) => ({ key: c.key, text: label(c.label, c.key), hue: c.hue ?? -1, from: c }));
// A label given in one language alone serves all of them.
export const fromOptions = (list: Option[]): Value =>
  list.filter((c) => c.text.trim()).map((c) => ({ key: c.key, label: c.from ? { ...c.from.label, [lang()]: c.text } : { en: c.text, [lang()]: c.text }, hue: c.hue }));
