// Where a person's clock stands: the time zone of the record, else a guess by the address, else by the telephone number.
// Countries with several zones are guessed by region or area code where the table knows it, or not at all.
import type { Address, Phone, Rec } from '../api/types';

export interface Zone { zone: string; from: 'record' | 'address' | 'phone' }

const COUNTRY: Record<string, string> = {
  AT: 'Europe/Vienna', BE: 'Europe/Brussels', BG: 'Europe/Sofia', BY: 'Europe/Minsk', CH: 'Europe/Zurich', CY: 'Asia/Nicosia', CZ: 'Europe/Prague', DE: 'Europe/Berlin', DK: 'Europe/Copenhagen',
  EE: 'Europe/Tallinn', ES: 'Europe/Madrid', FI: 'Europe/Helsinki', FR: 'Europe/Paris', GB: 'Europe/London', GE: 'Asia/Tbilisi', GR: 'Europe/Athens', HR: 'Europe/Zagreb', HU: 'Europe/Budapest',
  IE: 'Europe/Dublin', IT: 'Europe/Rome', KZ: 'Asia/Almaty', LI: 'Europe/Vaduz', LT: 'Europe/Vilnius', LU: 'Europe/Luxembourg', LV: 'Europe/Riga', MD: 'Europe/Chisinau', MT: 'Europe/Malta',
  NL: 'Europe/Amsterdam', NO: 'Europe/Oslo', PL: 'Europe/Warsaw', PT: 'Europe/Lisbon', RO: 'Europe/Bucharest', RS: 'Europe/Belgrade', RU: 'Europe/Moscow', SE: 'Europe/Stockholm', SI: 'Europe/Ljubljana',
  SK: 'Europe/Bratislava', TR: 'Europe/Istanbul', UA: 'Europe/Kyiv',
};
const CALLING: Record<string, string> = {
  '43': 'AT', '32': 'BE', '359': 'BG', '375': 'BY', '41': 'CH', '357': 'CY', '420': 'CZ', '49': 'DE', '45': 'DK', '372': 'EE', '34': 'ES', '358': 'FI', '33': 'FR', '44': 'GB', '995': 'GE', '30': 'GR', '385': 'HR',
  '36': 'HU', '353': 'IE', '39': 'IT', '77': 'KZ', '423': 'LI', '370': 'LT', '352': 'LU', '371': 'LV', '373': 'MD', '356': 'MT', '31': 'NL', '47': 'NO', '48': 'PL', '351': 'PT', '40': 'RO', '381': 'RS',
  '7': 'RU', '46': 'SE', '386': 'SI', '421': 'SK', '90': 'TR', '380': 'UA',
};
// Russia beyond Moscow's time: area code, the beginnings of names of cities and regions.
const RUSSIA: [zone: string, codes: string, names: RegExp][] = [
  ['Europe/Kaliningrad', '401', /^(калининград|kaliningrad)/],
  ['Europe/Samara', '846,848,341', /^(самар|тольятти|ижевск|удмурт|samara|izhevsk)/],
  ['Asia/Yekaterinburg', '342,343,345,347,351,352,353', /^(екатеринбург|свердловск|перм|тюмен|уф[аы]|башк|челябинск|курган|оренбург|yekaterinburg|perm|tyumen|ufa|chelyabinsk)/],
  ['Asia/Omsk', '381', /^(омск|omsk)/],
  ['Asia/Novosibirsk', '383,382,385,384', /^(новосибирск|томск|барнаул|алтай|кемеров|новокузнецк|novosibirsk|tomsk|barnaul|kemerovo)/],
  ['Asia/Krasnoyarsk', '391,390,394', /^(красноярск|хакас|абакан|krasnoyarsk)/],
  ['Asia/Irkutsk', '395,301', /^(иркутск|бурят|улан|irkutsk|ulan)/],
  ['Asia/Yakutsk', '411,302,416', /^(якут|саха|чит|забайкал|амурск|благовещенск|yakutsk|chita)/],
  ['Asia/Vladivostok', '423,421', /^(владивосток|приморск|хабаровск|vladivostok|khabarovsk)/],
  ['Asia/Kamchatka', '415', /^(камчат|петропавловск-камч|kamchatka)/],
];

const clean = (s: string | undefined) => (s ?? '').trim().toLowerCase().replace(/^(г\.|обл\.|гор\.)\s*/, '');

/** A name of the IANA list, or an offset however written; '' when no clock knows it. */
export function readZone(typed: string): string {
  const offset = /^(?:utc|gmt)?\s*([+\-−])(\d{1,2})(?::?(\d{2}))?$/i.exec(typed.trim());
  // Whole hours by the old names, whose sign is the other way round: every browser knows them.
  const whole = offset && Number(offset[3] ?? 0) === 0 ? `Etc/GMT${offset[1] === '+' ? '-' : '+'}${Number(offset[2])}` : '';
  const zone = whole || (offset ? `${offset[1] === '+' ? '+' : '-'}${String(offset[2]).padStart(2, '0')}:${offset[3]}` : typed.trim());
  if (!zone) return '';
  try {
    new Intl.DateTimeFormat('en', { timeZone: zone });
    return zone;
  } catch {
    return '';
  }
}

let names: Map<string, string> | undefined;
/** "LT", "Lithuania", "Litauen", "Lietuva", "Литва" → "LT"; '' when unknown. */
function countryOf(text: string): string {
  if (!names) {
    names = new Map();
    for (const l of ['en', 'de', 'lt', 'ru']) {
      const shown = new Intl.DisplayNames(l, { type: 'region' });
      for (const c of Object.keys(COUNTRY)) names.set((shown.of(c) ?? c).toLowerCase(), c);
    }
    for (const [k, c] of [['рф', 'RU'], ['российская федерация', 'RU'], ['uk', 'GB'], ['great britain', 'GB'], ['беларусь', 'BY'], ['белоруссия', 'BY']] as const) names.set(k, c);
  }
  const t = clean(text);
  const code = t.toUpperCase();
  return code in COUNTRY ? code : (names.get(t) ?? '');
}

function byAddress(all: Address[]): string {
  for (const a of all) {
    const parts = a.city || a.region ? [a.city, a.region] : a.text.split(',').filter((p) => !/(^|\s)(ул|пр|просп|str)\.?(\s|$)/i.test(p));
    const places = parts.map(clean);
    const far = RUSSIA.find(([, , name]) => places.some((p) => name.test(p)));
    const country = [a.country, ...a.text.split(',')].map((p) => countryOf(p ?? '')).find(Boolean) ?? '';
    if (far && (!country || country === 'RU')) return far[0];
    if (country) return COUNTRY[country] ?? '';
  }
  return '';
}

function byPhone(all: Phone[]): string {
  for (const p of all) {
    const digits = p.e164?.replace(/^\+/, '') ?? '';
    const code = [3, 2, 1].map((n) => digits.slice(0, n)).find((c) => c in CALLING);
    if (!code) continue;
    const area = digits.slice(1, 4);
    const far = code === '7' && RUSSIA.find(([, codes]) => codes.split(',').includes(area));
    return far ? far[0] : (COUNTRY[CALLING[code] ?? ''] ?? '');
  }
  return '';
}

const list = <T>(v: unknown): T[] => (Array.isArray(v) ? (v as T[]) : []);

export function zoneOf(rec: Rec): Zone | null {
  const own = readZone(typeof rec.timezone === 'string' ? rec.timezone : '');
  if (own) return { zone: own, from: 'record' };
  const address = byAddress(list<Address>(rec.addresses));
  if (address) return { zone: address, from: 'address' };
  const phone = byPhone(list<Phone>(rec.phones));
  return phone ? { zone: phone, from: 'phone' } : null;
}

/** "14:32", with the weekday where it is another day than here. */
export function timeThere(zone: string, locale: string, now: Date): string {
  const day = (timeZone?: string) => new Intl.DateTimeFormat('en', { weekday: 'short', timeZone }).format(now);
  const weekday = day(zone) === day() ? undefined : ('short' as const);
  return new Intl.DateTimeFormat(locale, { hour: '2-digit', minute: '2-digit', weekday, timeZone: zone }).format(now);
}
