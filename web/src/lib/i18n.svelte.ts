// Texts of the app: one flat catalogue a language, fetched when used; plurals by Intl.PluralRules.
import type en from '../../messages/en.json';
import { pick, type Catalogue } from './text';

export type Key = keyof typeof en;
export const languages = { en: 'English', de: 'Deutsch', lt: 'Lietuvių', ru: 'Русский' } as const;
export type Lang = keyof typeof languages;

const load: Record<Lang, () => Promise<{ default: unknown }>> = {
  en: () => import('../../messages/en.json'),
  de: () => import('../../messages/de.json'),
  lt: () => import('../../messages/lt.json'),
  ru: () => import('../../messages/ru.json'),
};

let catalogue = $state.raw<Catalogue>({});
let now = $state<Lang>('en');
let country = $state('');
const region = $derived(country ? `${now}-${country}` : now);
const plural = $derived(new Intl.PluralRules(now));
const number = $derived(new Intl.NumberFormat(region));

export const isLang = (l: string): l is Lang => l in languages;
export const lang = (): Lang => now;
/** The locale of numbers and dates: our language with the firm's country. */
export const locale = (): string => region;

export function setCountry(code: string): void {
  country = /^[A-Z]{2}$/.test(code) ? code : '';
}

export function preferred(): Lang {
  const l = (localStorage.getItem('lang') || navigator.language).slice(0, 2);
  return isLang(l) ? l : 'en';
}

export async function setLang(l: Lang): Promise<void> {
  catalogue = (await load[l]()).default as Catalogue;
  now = l;
  document.documentElement.lang = l;
  localStorage.setItem('lang', l);
}

/** The text of a key; {name} in it stands for a value, and `n` chooses the plural form. */
export function t(key: Key, values?: Record<string, string | number>): string {
  return pick(catalogue, key, plural, (v) => (typeof v === 'number' ? number.format(v) : v), values);
}

export function tryText(key: string): string | null {
  return key in catalogue ? t(key as Key) : null;
}
