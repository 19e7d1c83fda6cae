// Texts of the app: one flat catalogue a language, and one of the pages where things are arranged; fetched when used. Plurals by Intl.PluralRules.
import { untrack } from 'svelte';
import type en from '../../messages/en.json';
import type arranging from '../../messages/manage/en.json';
import { pick, type Catalogue } from './text';

export type Key = keyof typeof en | keyof typeof arranging;
export const languages = { en: 'English', de: 'Deutsch', lt: 'Lietuvių', ru: 'Русский' } as const;
export type Lang = keyof typeof languages;

const load: Record<Lang, () => Promise<{ default: unknown }>> = {
  en: () => import('../../messages/en.json'),
  de: () => import('../../messages/de.json'),
  lt: () => import('../../messages/lt.json'),
  ru: () => import('../../messages/ru.json'),
};

const loadManage: typeof load = {
  en: () => import('../../messages/manage/en.json'),
  de: () => import('../../messages/manage/de.json'),
  lt: () => import('../../messages/manage/lt.json'),
  ru: () => import('../../messages/manage/ru.json'),
};

let manages = false;
let coming: Promise<void> | undefined;
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
  const parts = await Promise.all([load[l](), ...(manages ? [loadManage[l]()] : [])]);
  catalogue = Object.assign({}, ...parts.map((p) => p.default)) as Catalogue;
  now = l;
  document.documentElement.lang = l;
  localStorage.setItem('lang', l);
}

/** A page that needs the texts of arranging, too: it comes together with them. */
export async function arranged<T>(page: Promise<T>): Promise<T> {
  manages = true;
  coming ??= setLang(untrack(() => now)).catch((e: unknown) => {
    coming = undefined; // the next page asks again
    throw e;
  });
  await coming;
  return page;
}

/** The text of a key; {name} in it stands for a value, and `n` chooses the plural form. */
export function t(key: Key, values?: Record<string, string | number>): string {
  return pick(catalogue, key, plural, (v) => (typeof v === 'number' ? number.format(v) : v), values);
}

export function tryText(key: string): string | null {
  return key in catalogue ? t(key as Key) : null;
}
