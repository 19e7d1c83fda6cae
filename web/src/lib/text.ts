// Reading a catalogue, without state, so that tests can do it too.
export type Plural = Partial<Record<Intl.LDMLPluralRule, string>>;
export type Catalogue = Record<string, string | Plural>;

export function pick(
  cat: Catalogue,
  key: string,
  plural: Intl.PluralRules,
  show: (v: string | number) => string,
  values: Record<string, string | number> = {},
): string {
  const m = cat[key];
  if (m === undefined) return key;
  const s = typeof m === 'string' ? m : (m[plural.select(Number(values.n ?? 0))] ?? m.other ?? key);
  return s.replace(/\{(\w+)\}/g, (all, name: string) => (name in values ? show(values[name] ?? '') : all));
}
