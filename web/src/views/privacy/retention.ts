// The words of a rule of retention, as the server knows them (docs/api.md, "What is kept how long").
export const SINCE = ['changed', 'created', 'trashed'] as const;
export const UNITS = ['days', 'months', 'years'] as const;
export const ACTS = ['trash', 'empty', 'erase'] as const;
