// Countries offered at set-up, with their currency.
export const countries: Record<string, string> = {
  AT: 'EUR', BE: 'EUR', BG: 'EUR', BY: 'BYN', CH: 'CHF', CY: 'EUR', CZ: 'CZK', DE: 'EUR', DK: 'DKK', EE: 'EUR', ES: 'EUR', FI: 'EUR', FR: 'EUR', GB: 'GBP', GE: 'GEL', GR: 'EUR', HR: 'EUR', HU: 'HUF',
  IE: 'EUR', IT: 'EUR', KZ: 'KZT', LI: 'CHF', LT: 'EUR', LU: 'EUR', LV: 'EUR', MD: 'MDL', MT: 'EUR', NL: 'EUR', NO: 'NOK', PL: 'PLN', PT: 'EUR', RO: 'RON', RS: 'RSD', RU: 'RUB', SE: 'SEK', SI: 'EUR',
  SK: 'EUR', TR: 'TRY', UA: 'UAH', US: 'USD',
};

export const currencyOf = (country: string): string => countries[country] ?? 'EUR';
