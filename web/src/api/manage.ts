// Calls of the pages that are fetched when opened: settings, imports, jobs, what leads in.
import { query, type Mapping } from './calls';
import { del, get, patch, post, put } from './client';
import type {
  Account, ApiKey, Attempt, Backups, Batch, Block, ErasePlan, Erasure, Filter, Idp, IdpBody, IdpList, IdpTried, Held, Hook, HookDelivery, Identity, JobRow, Lock, MailDetail, MailLink, MailRow, MailServer, Page, Plan, Rec, Recast, Ref, Session, SessionRow, SecurityEvent, SignupRules, Stored, UsageRow, UsageRules, SyncDetail, SyncItem, SyncReason, SyncSystem, Trade, TradeMade,
} from './types';

export const doSetup = (body: Record<string, string>) => post<Session>('/setup', body);
export const changePassword = (present: string, password: string) => post<Session>('/session/password', { present, password });
export const sessions = async (all = false) => (await get<{ data: SessionRow[] }>('/session/list' + query({ all: all ? 1 : '' }))).data;
export const endSession = (key: string) => del(`/session/list/${key}`);
export const endOtherSessions = () => del('/session/list');
export const identities = async () => (await get<{ data: Identity[] }>('/identity')).data;
export const endIdentity = (key: string, user?: string) => del(user ? `/account/${user}/identity/${key}` : `/identity/${key}`);
export const account = (user: string) => get<Account>(`/account/${user}`);
export const givePassword = (user: string, password: string) => post<null>(`/account/${user}/password`, { password });
export const endUser = (user: string) => post<null>(`/account/${user}/end`, undefined);
export const backups = () => get<Backups>('/backup');
export const backUp = async () => (await post<{ job: string }>('/backup', undefined)).data.job;
/** All records of a user become another's, by a job. */
export const handOver = async (user: string, body: { to: string; end: boolean }) => (await post<{ job: string }>(`/account/${user}/handover`, body)).data;
export interface AttemptQuery { name: string; addr: string; outcome: string }
export const attempts = (q: AttemptQuery, cursor: string | null) => get<Page<Attempt>>('/attempt' + query({ ...q, cursor }));
export interface EventQuery { kind: string; user: string; addr: string; from: string; to: string }
/** Days of the filter as times; the last one whole. */
const within = ({ from, to, ...q }: EventQuery) => {
  const time = (day: string, more: number) => {
    const d = new Date(day + 'T00:00');
    d.setDate(d.getDate() + more);
    return Number.isNaN(d.getTime()) ? '' : d.toISOString(); // the address bar is anybody's
  };
  return { ...q, from: time(from, 0), until: time(to, 1) };
};
export const securityEvents = (q: EventQuery, cursor: string | null) => get<Page<SecurityEvent>>('/security/event' + query({ ...within(q), cursor }));
export const securityFile = (q: EventQuery) => '/api/v1/security/export' + query(within(q));
export const locks = async () => (await get<{ data: Lock[] }>('/lock')).data;
export const unlock = (id: string) => del(`/lock/${id}`);
export const held = async () => (await get<{ data: Held[] }>('/held')).data;
export const letTry = (id: string) => del(`/held/${id}`);
export const blocks = async () => (await get<{ data: Block[] }>('/block')).data;
export const blockAddress = (addr: string, why: string, until: string) => post<{ id: string }>('/block', { addr, why, until });
export const freeAddress = (id: string) => del(`/block/${id}`);
export const invite = (user: string) => post<null>(`/account/${user}/invite`, undefined);
export const doorOffers = () => get<{ reset: boolean; signup: boolean; sso: { id: string; name: string }[]; directory: boolean }>('/door');
/** Where the browser is to go to log in by a provider. */
export const beginSso = async (id: string, proof = false) => (await post<{ url: string }>(`/sso/${id}`, proof ? { proof } : undefined)).data.url;
export const askReset = (mail: string) => post<null>('/password/forgot', { mail });
export const linkOf = (token: string) => post<MailLink>('/link', { token });
export const resetPassword = (token: string, password: string) => post<null>('/password/reset', { token, password });
export const unlockByLink = (token: string) => post<null>('/unlock', { token });
export const askAddress = (mail: string) => post<null>('/session/mail', { mail });
export const takeAddress = (token: string) => post<null>('/address', { token });
export const signUp = (name: string, mail: string) => post<null>('/signup', { name, mail });
export const confirmSignUp = (token: string, password: string) => post<null>('/signup/confirm', { token, password });
export const signupRules = () => get<SignupRules>('/signup/rules');
export const setSignupRules = (body: { open: boolean; domains: string; role: string | null }) => put<null>('/signup/rules', body);
/** Pages and actions of a week that begins then, one's own or everybody's. */
export const usage = (all: boolean, from: string, cursor: string | null) => get<Page<UsageRow>>('/usage' + query({ all: all ? 1 : '', from, days: 7, cursor }));
export const usageRules = () => get<UsageRules>('/usage/rules');
export const setUsageRules = (body: UsageRules) => put<null>('/usage/rules', body);
export const forgetUsage = () => del('/usage');
export const mailServer = () => get<MailServer>('/mail/server');
export const setMailServer = (body: Omit<MailServer, 'set' | 'url' | 'has_password'> & { password?: string }) => put<null>('/mail/server', body);
export const testMail = () => post<{ id: string }>('/mail/test', undefined);
export const mails = (state: string, cursor: string | null) => get<Page<MailRow>>('/mail' + query({ state, cursor }));
export const mail = (id: string) => get<MailDetail>(`/mail/${id}`);
/** What is in the trash, the newest first. */
export const trashed = (entity: string, cursor?: string | null) =>
  get<Page<Rec>>(`/${entity}` + query({ deleted: 1, sort: '-changed_at', limit: 50, cursor, fields: 'deleted_at,changed_by' }));
export const restore = (entity: string, id: string) => post<Rec>(`/${entity}/${id}/restore`, undefined);
export const scanDuplicates = async (entity: string, min: number, mergeFrom: number) =>
  (await post<{ job: string }>(`/${entity}/duplicates/scan`, mergeFrom ? { min, merge_from: mergeFrom } : { min })).data.job;
export const rejectDuplicate = (entity: string, a: string, b: string) => post<null>(`/${entity}/duplicates/reject`, { a, b });
export const unrejectDuplicate = (entity: string, a: string, b: string) => del(`/${entity}/duplicates/reject`, { a, b });
export const apiKeys = (all: boolean, cursor?: string | null) => get<Page<ApiKey>>('/key' + query({ all: all ? 1 : '', cursor }));
export const makeApiKey = (body: { name: string; scopes: string[]; role: string | null; expires_at: string }) => post<{ id: string; key: string }>('/key', body);
export const endApiKey = (id: string) => del(`/key/${id}`);
export type HookBody = Partial<Pick<Hook, 'name' | 'url' | 'entity' | 'ops' | 'filter' | 'active'>> & { renew_secret?: true };
export const hooks = async () => (await get<{ data: Hook[] }>('/hook')).data;
export const makeHook = async (body: HookBody) => (await post<Hook>('/hook', body)).data;
export const changeHook = async (id: string, body: HookBody) => (await patch<Hook>(`/hook/${id}`, body)).data;
export const endHook = (id: string) => del(`/hook/${id}`);
export const testHook = (id: string) => post<{ delivery: string }>(`/hook/${id}/test`, undefined);
export const deliveries = (id: string, cursor: string | null) => get<Page<HookDelivery>>(`/hook/${id}/delivery` + query({ cursor }));
export const redeliver = (id: string) => post<{ delivery: string }>(`/hook/delivery/${id}/redeliver`, undefined);
export const syncSystems = () => get<{ data: SyncSystem[]; server?: { minute: number } }>('/sync');
export const syncSystem = (name: string) => get<SyncSystem & { reasons: SyncReason[] }>(`/sync/${name}`);
export const syncItems = (name: string, state: string, cursor: string | null) => get<Page<SyncItem>>(`/sync/${name}/item` + query({ state, cursor }));
export const syncItem = (name: string, id: string) => get<SyncDetail>(`/sync/${name}/item/${id}`);
export const syncChange = (name: string, id: string, values: Record<string, unknown>) => patch<{ items: number }>(`/sync/${name}/item/${id}`, { values });
export type SyncChoice = { item: string } | { code: string } | { all: true };
/** Some thousand at a time, until none are left. */
async function choose(name: string, what: 'release' | 'drop', which: SyncChoice): Promise<void> {
  while ((await post<{ items: number; more: boolean }>(`/sync/${name}/${what}`, which)).data.more);
}
export const syncRelease = (name: string, which: SyncChoice) => choose(name, 'release', which);
export const syncDrop = (name: string, which: SyncChoice) => choose(name, 'drop', which);
export const trades = async () => (await get<{ data: Trade[] }>('/trade')).data;
export const applyTrade = async (trade: string) => (await post<TradeMade>('/trade', { trade })).data;
type Described = Record<string, unknown>;
export const addField = (body: Described) => post<{ name: string }>('/meta/field', body);
export const changeField = (entity: string, name: string, body: Described) => patch<{ name: string; recast?: Recast }>(`/meta/field/${entity}/${name}`, body);
export const trashField = (entity: string, name: string) => del(`/meta/field/${entity}/${name}`);
export const restoreField = (entity: string, name: string) => post<{ name: string }>(`/meta/field/${entity}/${name}/restore`, undefined);
export const addEntity = (body: Described) => post<{ name: string }>('/meta/entity', body);
export const changeEntity = (name: string, body: Described) => patch<{ name: string }>(`/meta/entity/${name}`, body);
export const trashEntity = (name: string) => del(`/meta/entity/${name}`);
export const restoreEntity = (name: string) => post<{ name: string }>(`/meta/entity/${name}/restore`, undefined);
export const plan = async (file: string, sheet: number | undefined, entity: string, mapping: Partial<Mapping> | null) =>
  (await post<Plan>('/import/plan', { file, sheet, entity, mapping })).data;
/** The name goes along for whoever comes back to the job. */
export type Sent = Pick<Stored, 'id' | 'name'>;
export const dryRun = async (file: Sent, sheet: number, entity: string, mapping: Mapping) =>
  (await post<{ job: string }>('/import/dry', { file: file.id, name: file.name, sheet, entity, mapping })).data.job;
export interface KeptMapping { id: string; name: string; mapping: Partial<Mapping> & { entity?: string } }
export const keptMappings = async () => (await get<{ data: KeptMapping[] }>('/import/mapping')).data;
export const keepMapping = (name: string, mapping: KeptMapping['mapping']) => post<{ id: string }>('/import/mapping', { name, mapping });
export const forgetMapping = (id: string) => del(`/import/mapping/${id}`);
export const runImport = async (file: Sent, sheet: number, entity: string, mapping: Mapping) =>
  (await post<{ job: string }>('/import/run', { file: file.id, name: file.name, sheet, entity, mapping })).data.job;
export const jobs = (cursor?: string | null) => get<Page<JobRow>>('/job' + query({ cursor }));
export const retryJob = (id: string) => post<{ job: string }>(`/job/${id}/retry`, {});
export const batches = (cursor?: string | null) => get<Page<Batch>>('/batch' + query({ cursor }));
export const erasePlan = (entity: string, id: string, sharedToo: boolean) => get<ErasePlan>(`/${entity}/${id}/erase` + query({ shared: sharedToo ? 'erase' : '' }));
export const eraseRecord = async (entity: string, id: string, body: { confirm: string; ground: string; shared: 'unlink' | 'erase' }) =>
  (await post<{ job: string; ref: string }>(`/${entity}/${id}/erase`, body)).data;
export const erasures = (cursor: string | null) => get<Page<Erasure>>('/erasure' + query({ cursor }));
export interface Share { to: Ref; kind: 'user' | 'team'; right: 'see' | 'change'; until: string | null; why: string; by: Ref | null; at: string }
export const shares = (entity: string, id: string) => get<{ data: Share[]; may: boolean }>(`/${entity}/${id}/share`);
export const share = (entity: string, id: string, how: { to: string; right: string; until: string | null; why: string }) => post<null>(`/${entity}/${id}/share`, how);
export const unshare = (entity: string, id: string, to: string) => del(`/${entity}/${id}/share/${to}`);
export const idps = () => get<IdpList>('/idp');
export const makeIdp = (body: IdpBody) => post<Idp>('/idp', body);
export const changeIdp = (id: string, body: IdpBody) => patch<Idp>(`/idp/${id}`, body);
export const endIdp = (id: string) => del(`/idp/${id}`);
export const tryIdp = async (id: string, who: { login?: string; password?: string } = {}) => (await post<IdpTried>(`/idp/${id}/test`, who)).data;
export interface DoneBy { at: string; by: Ref }
export interface Retention {
  id: string; name: string; reason: string; entity: string; filter: Filter | null; since: 'created' | 'changed' | 'trashed'; n: number; unit: 'days' | 'months' | 'years';
  act: 'trash' | 'erase' | 'empty'; fields: string[]; most: number; active: boolean; confirmed: boolean; rehearsed_at: string | null; made: DoneBy | null; changed: DoneBy | null; turned_on: DoneBy | null;
}
export interface RetentionRun { id: string; at: string; state: 'running' | 'done' | 'stopped' | 'failed'; found: number; done: number; refused: number; why: string; batch: string | null }
export interface Rehearsal { rehearsal: string; found: number; total: number; held: number; taken: number; over: boolean; data: Ref[] }
export const rules = async () => (await get<{ data: Retention[] }>('/retention')).data;
export const makeRule = async (rule: object) => (await post<Retention>('/retention', rule)).data;
export const changeRule = async (id: string, change: object) => (await patch<Retention>(`/retention/${id}`, change)).data;
export const dropRule = (id: string) => del(`/retention/${id}`);
export const rehearseRule = async (id: string) => (await post<Rehearsal>(`/retention/${id}/rehearse`, undefined)).data;
export const ruleRuns = async (id: string) => (await get<{ data: RetentionRun[] }>(`/retention/${id}/run`)).data;
