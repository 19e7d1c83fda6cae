// Every call of the app's everyday pages, by name; those of the pages that are fetched when opened: manage.ts.
import { del, get, patch, post, put, type Reply } from './client';
import type { Batch, Column, Dup, Entry, Filter, Found, Job, Massed, Meta, Page, Rec, Session, Setup, Undone, Value, Who } from './types';
export interface ListQuery { q?: string; filter?: Filter | null; sort?: string; fields?: string[] | undefined; at?: string; shared?: string }
export interface Mapping { header_row: number; encoding?: string; columns: Column[]; history: boolean; join: boolean }

export function query(o: Record<string, string | number | null | undefined>): string {
  const p = new URLSearchParams();
  for (const [k, v] of Object.entries(o)) if (v !== undefined && v !== null && v !== '') p.set(k, String(v));
  const s = p.toString();
  return s ? '?' + s : '';
}

/** Links go to the server by id alone. */
function wire(v: Value): Value {
  if (Array.isArray(v)) return v.map(wire);
  if (typeof v === 'object' && v !== null && 'id' in v && 'title' in v) return { id: v.id };
  return v;
}
const wired = (values: Record<string, Value>) => Object.fromEntries(Object.entries(values).map(([k, v]) => [k, wire(v)]));

const common = (q: ListQuery) => ({ q: q.q, filter: q.filter ? JSON.stringify(q.filter) : '', shared_with: q.shared });

export const getSetup = () => get<Setup>('/setup');
export const getSession = () => get<Session>('/session');
export const logIn = (mail: string, password: string, captcha: { id: string; answer: string } | null) => post<Session>('/session', { mail, password, captcha });
export const logOut = () => del<{ url: string } | null>('/session');
export const setLanguage = (language: string) => patch<Session>('/session', { language });
export const getSettings = () => get<{ data: Record<string, unknown> }>('/setting');
export const putSetting = (name: string, value: unknown) => put<null>(`/setting/${name}`, { value });
export const getMeta = () => get<Meta>('/meta');

export const list = (entity: string, q: ListQuery, limit: number, cursor?: string | null, count = false) =>
  get<Page<Rec>>(`/${entity}` + query({ ...common(q), sort: q.sort, limit, cursor, count: count ? 1 : '', fields: q.fields?.join(','), at: q.at }));
/** A list as it was, by a job; its pages when that is done. */
export const askAsOf = async (entity: string, at: string, q: ListQuery) =>
  (await post<{ job: string }>('/as_of', { entity, at, sort: q.sort ?? '', ...(q.filter ? { filter: q.filter } : {}) })).data.job;
export const asOfPage = (job: string, limit: number, cursor: string | null) => get<{ data: Rec[]; next: string | null; count: number }>(`/as_of/${job}` + query({ limit, cursor }));
export const exportHref = (entity: string, format: string, q: ListQuery) =>
  `/api/v1/export/${entity}` + query({ format, ...common(q), fields: q.fields?.join(',') });
export const read = (entity: string, id: string, at?: string) => get<Rec>(`/${entity}/${id}` + query({ at }));
export const create = (entity: string, values: Record<string, Value>) => post<Rec>(`/${entity}`, wired(values));
export const change = (entity: string, id: string, values: Record<string, Value>): Promise<Reply<Rec>> =>
  patch<Rec>(`/${entity}/${id}`, wired(values));
export const remove = (entity: string, id: string) => del(`/${entity}/${id}`);
/** One change for the rows named, or for all that a filter and a search text find. */
export type MassWhich = { ids: string[] } | { filter: Filter | null; q: string };
export type MassAct = { act: 'delete' } | { act: 'change'; values: Record<string, Value> };
export const mass = (entity: string, which: MassWhich, what: MassAct) =>
  post<Massed | { job: string }>(`/${entity}/mass`, { ...which, ...(what.act === 'change' ? { act: 'change', values: wired(what.values) } : what) });
export interface Bulked { batch: string | null; data: { outcome: string; detail?: string }[]; counts: Record<string, number> }
export const bulkDelete = (entity: string, ids: string[]) => post<Bulked>(`/${entity}/bulk`, { items: ids.map((id) => ({ op: 'delete', id })) });
export const history = (entity: string, id: string, cursor?: string | null) =>
  get<Page<Entry>>(`/${entity}/${id}/history` + query({ cursor }));
export const merge = (entity: string, id: string, loser: string, version: number, take: Record<string, 'loser'>) =>
  post<Rec>(`/${entity}/${id}/merge`, { loser, version, take });
export const duplicates = async (entity: string, values: Record<string, Value>) =>
  (await post<{ data: Dup[] }>(`/${entity}/duplicates`, wired(values))).data.data;

export type UndoWhat = { change: string } | { batch: string };
export const undo = (what: UndoWhat, how: { force?: true; keep?: true } = {}) => post<Undone | { job: string }>('/undo', { ...what, ...how });

export const search = (q: string, entity?: string) => get<Found>('/search' + query({ q, entity }));
export const who = (number: string): Promise<Who> => get<Who>('/who' + query({ number }));

export const makeSample = async (people: number, lang: string) => (await post<{ job: string }>('/demo', { people, lang })).data.job;
export const getJob = <T>(id: string) => get<Job<T>>(`/job/${id}`);
export const getBatch = (id: string) => get<Batch>(`/batch/${id}`);
export const cancelJob = (id: string) => del(`/job/${id}`);
