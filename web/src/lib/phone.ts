// Telephone numbers as people read them; what was typed stays in the record and in the tooltip.
import type { Phone } from '../api/types';

// Country code, how the digits behind it fall into groups. Only where the number's length says it for sure: a German
// area code has two to five digits, so such a number is shown as it was typed.
const plans: [code: string, rest: RegExp, groups: string][] = [
  ['7', /^(\d{3})(\d{3})(\d{2})(\d{2})$/, '$1 $2-$3-$4'],
  ['1', /^(\d{3})(\d{3})(\d{4})$/, '$1 $2 $3'],
  ['49', /^(1[567]\d)(\d{7,8})$/, '$1 $2'],
  ['370', /^(6\d{2})(\d{5})$/, '$1 $2'],
  ['371', /^(2\d{3})(\d{4})$/, '$1 $2'],
  ['372', /^(5\d{2,3})(\d{4})$/, '$1 $2'],
  ['375', /^(\d{2})(\d{3})(\d{2})(\d{2})$/, '$1 $2-$3-$4'],
  ['380', /^(\d{2})(\d{3})(\d{2})(\d{2})$/, '$1 $2-$3-$4'],
  ['48', /^(\d{3})(\d{3})(\d{3})$/, '$1 $2 $3'],
];

// A number is the same in any notation; its extensions are several numbers.
export const phoneKey = (p: Phone): string => (p.e164 ?? p.value) + '#' + (p.ext ?? '');

export function phoneText(p: Phone): string {
  const digits = p.e164?.replace(/^\+/, '') ?? '';
  const plan = plans.find(([code, rest]) => digits.startsWith(code) && rest.test(digits.slice(code.length)));
  if (!plan) return p.ext && !p.value.includes(p.ext) ? `${p.value} · ${p.ext}` : p.value;
  const [code, rest, groups] = plan;
  return `+${code} ${digits.slice(code.length).replace(rest, groups)}` + (p.ext ? ` · ${p.ext}` : '');
}
