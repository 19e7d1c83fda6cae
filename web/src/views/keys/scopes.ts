// What a key may do, in words.
import { entity, label } from '../../lib/meta.svelte';
import { t, tryText } from '../../lib/i18n.svelte';

export function sayScopes(scopes: string[]): string {
  const parts = scopes.map((s) => {
    const [word = '', of] = s.split(':');
    const e = of ? entity(of) : undefined;
    const what = tryText(`apikey.scope.${word}`) ?? word;
    return of ? t('apikey.of', { what, of: e ? label(e.plural, e.name) : of }) : what;
  });
  return parts.join(', ');
}

/** The scopes that a form's choices make. */
export function scopesOf(writes: boolean, entities: string[], more: string[]): string[] {
  const word = writes ? 'write' : 'read';
  return [...(entities.length ? entities.map((e) => `${word}:${e}`) : [word]), ...more];
}
