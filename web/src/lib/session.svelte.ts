// Who is logged in, and the way in and out.
import { getMeta, getSession, logOut, setLanguage } from '../api/calls';
import { onSessionLost, Problem, setToken } from '../api/client';
import type { Meta, Session } from '../api/types';
import { isLang, setCountry, setLang, type Lang } from './i18n.svelte';
import { loadMeta } from './meta.svelte';
import { loadSettings } from './settings.svelte';

let session = $state.raw<Session | null>(null);
let half = $state.raw<Session | null>(null);

onSessionLost(() => {
  session = null;
});

export const me = (): Session | null => session;
/** Who has logged in but has a step before him still. */
export const meHalf = (): Session | null => half;

/** With a step before him nothing is loaded yet: meHalf tells. */
export async function enter(s: Session, meta?: Promise<Meta>): Promise<void> {
  setToken(s.csrf);
  setCountry(s.firm.country);
  half = s.step ? s : null;
  if (s.step) {
    if (isLang(s.user.language)) await setLang(s.user.language);
    return;
  }
  const settings = loadSettings();
  if (isLang(s.user.language)) await setLang(s.user.language);
  await Promise.all([loadMeta(meta), settings]);
  session = s;
}

/** Takes up the session of the cookie; false when there is none. */
export async function resume(): Promise<boolean> {
  try {
    const meta = getMeta();
    meta.catch(() => undefined);
    await enter(await getSession(), meta);
    return true;
  } catch (e) {
    if (e instanceof Problem && e.status === 401) return false;
    throw e;
  }
}

export async function leave(): Promise<void> {
  const { data } = await logOut();
  if (data) location.assign(data.url); // to the provider he came by
  session = null;
  half = null;
}

export async function chooseLanguage(l: Lang): Promise<void> {
  await setLang(l);
  if (session) await setLanguage(l).catch(() => undefined);
}
