// The field kinds, by the names the server uses; an unknown one is shown as text.
import type { Field, Kind } from '../api/types';
import { addresses } from './addresses';
import { autonumber } from './autonumber';
import { bool } from './bool';
import { choice } from './choice';
import { choices } from './choices';
import { date } from './date';
import { decimal } from './decimal';
import { duration } from './duration';
import { file } from './file';
import { formula } from './formula';
import { int } from './int';
import { json } from './json';
import { lines } from './lines';
import { link } from './link';
import { links } from './links';
import { longtext } from './longtext';
import { mails } from './mails';
import { money } from './money';
import { percent } from './percent';
import { phones } from './phones';
import { picture } from './picture';
import { rating } from './rating';
import { rollup } from './rollup';
import { tags } from './tags';
import { text } from './text';
import { timestamp } from './timestamp';
import { url } from './url';
import { urls } from './urls';
import { user } from './user';
import { entity, field } from '../lib/meta.svelte';
import type { FieldKind } from './kind';

const kinds: Record<Kind, FieldKind> = {
  text, longtext, phones, mails, addresses, url, urls, int, decimal, money, percent, date, timestamp, duration, bool, choice, choices, link, links, lines, user, file, picture, tags, rating, json, formula, rollup, autonumber,
};

const computed = (f: Field, as: Kind): FieldKind => ({ ...(kinds[as] ?? kinds[f.kind]), Input: null });
/** What a roll-up of numbers holds: values of the field it gathers (the greatest date is a date), a count, another roll-up's. */
function gathered(f: Field): Kind {
  const of = field(entity(f.to ?? ''), (f.def as { field?: string } | undefined)?.field ?? '');
  return of && of.kind !== 'rollup' ? of.kind : 'int';
}
export const kindOf = (f: Field): FieldKind => (f.result ? computed(f, f.result) : f.kind === 'rollup' ? computed(f, gathered(f)) : (kinds[f.kind] ?? text));
export const isEditable = (f: Field): boolean => !f.readonly && kindOf(f).Input !== null;
