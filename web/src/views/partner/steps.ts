// The steps of a guided entry, and which fields each asks for.
import type { Partner } from '../../api/finding';
import { isEmpty } from '../../fields/kind';

export const steps = ['firm', 'register', 'legal', 'bank', 'people', 'note'] as const;
export type Step = (typeof steps)[number];
export const isStep = (s: string | undefined): s is Step => steps.some((x) => x === s);

export const FIRM = ['name', 'kinds', 'phones', 'mails', 'website'];
export const LEGAL = ['full_name', 'inn', 'kpp', 'ogrn', 'vat_id', 'reg_no', 'addresses'];
export const BANK = ['account', 'bank', 'bic', 'corr_account', 'currency'];
export const PEOPLE = ['name', 'job_title', 'phones', 'mails'];

const filled = (o: Record<string, unknown>) => Object.fromEntries(Object.entries(o).filter(([, v]) => !isEmpty(v)));
const some = (l: Record<string, unknown>[]) => l.map(filled).filter((x) => Object.keys(x).length > 0);

/** What is really there: no empty fields, no empty accounts and people. */
export const cleaned = (p: Partner): Partner => ({ company: filled(p.company), accounts: some(p.accounts), people: some(p.people), note: p.note.trim() });

/** Where a field at fault of the server's answer stands: "people.1.phones". */
export function place(at: string): { step: Step; part: string; field: string } | null {
  const [list = '', index = '0', name = ''] = at.split('.');
  if (list === 'company') return { step: FIRM.includes(name) ? 'firm' : 'legal', part: 'company', field: name };
  if (list === 'accounts') return { step: 'bank', part: `accounts.${index}`, field: name };
  if (list === 'people') return { step: 'people', part: `people.${index}`, field: name };
  return list === 'note' ? { step: 'note', part: 'note', field: 'note' } : null;
}
