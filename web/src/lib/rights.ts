// A role's rights as they stand on its card (docs/api.md, "Roles"), and changes of them as new values.
import type { Filter } from '../api/types';

export const ACTIONS = ['see', 'create', 'change', 'delete', 'export', 'import', 'mass'] as const;
export const REACHES = ['none', 'own', 'team', 'branch', 'all'] as const;
export const FIELD_RIGHTS = ['write', 'read', 'hidden'] as const;
export const SYSTEM = ['settings', 'users', 'log', 'backup', 'privacy'] as const;
/** Colleagues, their teams and the firm are known to all, and kept by those who manage users. */
export const SHARED: readonly string[] = ['user', 'team', 'branch', 'role', 'firm'];
export type Action = (typeof ACTIONS)[number];
export type Reach = (typeof REACHES)[number];
export type FieldRight = (typeof FIELD_RIGHTS)[number];
export type EntityRights = Partial<Record<Action, Reach>> & { fields?: Record<string, FieldRight>; filter?: Filter | null };
/** What is asked for at log-in beside the password. */
export const WANTS = ['none', 'any', 'passkey'] as const;
export type FactorWant = (typeof WANTS)[number];
export interface Rights { sys?: string[]; second_factor?: boolean | 'passkey'; [entity: string]: EntityRights | string[] | string | boolean | undefined }

const of = (r: Rights, entity: string): EntityRights => {
  const one = r[entity];
  return one && typeof one === 'object' && !Array.isArray(one) ? one : {};
};
/** What holds, and whether it is the entity's own word or that of "*". */
export function reachOf(r: Rights, entity: string, action: Action): { reach: Reach; own: boolean } {
  const own = of(r, entity)[action];
  return { reach: own ?? of(r, '*')[action] ?? 'none', own: own !== undefined };
}
export const fieldsOf = (r: Rights, entity: string): Record<string, FieldRight> => of(r, entity).fields ?? {};
export const filterOf = (r: Rights, entity: string): Filter | null => of(r, entity).filter ?? null;
export const sysOf = (r: Rights): string[] => r.sys ?? [];

function put(r: Rights, entity: string, change: (e: EntityRights) => void): Rights {
  const e = { ...of(r, entity) };
  change(e);
  const { [entity]: _, ...rest } = r;
  return Object.keys(e).length ? { ...rest, [entity]: e } : rest;
}
/** '' takes the entity's own word back: "*" holds again. */
export const withReach = (r: Rights, entity: string, action: Action, reach: Reach | ''): Rights =>
  put(r, entity, (e) => {
    if (reach) e[action] = reach;
    else delete e[action];
  });
export const withField = (r: Rights, entity: string, field: string, right: FieldRight): Rights =>
  put(r, entity, (e) => {
    const { [field]: _, ...rest } = e.fields ?? {};
    const fields = right === 'write' ? rest : { ...rest, [field]: right };
    if (Object.keys(fields).length) e.fields = fields;
    else delete e.fields;
  });
export const withFilter = (r: Rights, entity: string, filter: Filter | null): Rights =>
  put(r, entity, (e) => {
    if (filter) e.filter = filter;
    else delete e.filter;
  });
export function withSys(r: Rights, name: string, on: boolean): Rights {
  const sys = SYSTEM.filter((s) => (s === name ? on : sysOf(r).includes(s)));
  const { sys: _, ...rest } = r;
  return sys.length ? { ...rest, sys } : rest;
}
/** At log-in of whoever has the role. */
export function withFactor(r: Rights, want: FactorWant): Rights {
  const { second_factor: _, ...rest } = r;
  return want === 'none' ? rest : { ...rest, second_factor: want === 'passkey' ? want : true };
}
export const factorOf = (r: Rights): FactorWant => (r.second_factor === 'passkey' ? 'passkey' : r.second_factor ? 'any' : 'none');
