// The shapes of /api/v1 as docs/api.md describes them.
export type Labels = Partial<Record<string, string>>;
export type Kind =
  | 'text' | 'longtext' | 'phones' | 'mails' | 'addresses' | 'url' | 'urls' | 'int' | 'decimal' | 'money' | 'percent' | 'date' | 'timestamp'
  | 'duration' | 'bool' | 'choice' | 'choices' | 'link' | 'links' | 'lines' | 'user' | 'file' | 'picture' | 'tags' | 'rating' | 'json'
  | 'formula' | 'rollup' | 'autonumber';
export type Op =
  | 'eq' | 'ne' | 'lt' | 'le' | 'gt' | 'ge' | 'in' | 'notin' | 'contains' | 'starts' | 'empty' | 'notempty' | 'within';

export interface Choice { key: string; label: Labels; hue?: number }
export interface Field {
  name: string; kind: Kind; label: Labels; help?: Labels; required?: boolean; unique?: boolean; readonly?: boolean; own?: boolean; index?: boolean;
  sort?: boolean; ops?: Op[]; to?: string; choices?: Choice[]; scale?: number; max?: number;
  /** formula, latest value: the kind of its values */
  result?: Kind;
  /** own: where it stands in the form; none = among the own fields */
  section?: string;
  default?: Value; rule?: Filter; via?: string; def?: unknown;
  /** formula: computed when it is read, so nothing is built on it */
  live?: boolean;
}
export interface Section { name: string; label: Labels; fields: string[] }
export interface Rights {
  see: boolean; create: boolean; change: boolean; delete: boolean; export: boolean; import: boolean; mass: boolean;
}
export interface Entity {
  name: string; label: Labels; plural: Labels; icon: string; own: boolean; dups?: boolean; personal?: boolean; kept_years?: number; rights: Rights; list: string[]; title: string;
  sections: Section[]; fields: Field[];
  /** fields in the trash: told to those who manage the settings */
  trash?: Field[];
}
/** What becomes of a field's values under another kind. */
export interface Recast { dry: boolean; fits: number; misfits: number; sample: { id: string; title: string; value: string; why: string }[] }
export interface Gone { name: string; label: Labels; plural: Labels }
export interface Meta { version: number; entities: Entity[]; trash?: Gone[] }

/** hue: the colour of a group, 0 to 360 */
export interface Ref { id: string; title: string; hue?: number }
export interface Phone { type: string; value: string; e164?: string; ext?: string; operator?: string }
export interface Mail { type: string; value: string }
export interface Site { type: string; value: string }
export interface Address { type: string; text: string; street?: string; city?: string; zip?: string; region?: string; country?: string }
export interface Money { amount: string; currency: string }
export type Value = unknown;
export interface Rec {
  id: string; version: number; title: string; created_at: string; created_by?: Ref | null; changed_at: string; changed_by?: Ref | null;
  owner?: Ref | null; deleted_at?: string | null; [field: string]: Value;
}
export interface Count { value: number; exact: boolean }
export interface Page<T> { data: T[]; next: string | null; count?: Count }

export interface Session {
  /** users: he manages users; privacy: he may erase people; backups: he looks after backups */
  user: { id: string; name: string; mail: string; language: string; role: string; users: boolean; privacy: boolean; backups: boolean };
  firm: { name: string; country: string; currency: string };
  csrf: string;
  /** what is still to be done before anything else */
  step?: 'password' | 'factor' | 'enrol';
}
export interface ApiKey {
  id: string; name: string; scopes: string[]; role: { id: string; title: string } | null; user: { id: string; title: string };
  created_at: string; expires_at: string | null; used_at: string | null;
}
export type HookOp = 'create' | 'update' | 'delete' | 'restore' | 'merge';
export type HookStopped = '' | 'gone' | 'owner' | 'filter' | 'loop' | 'secret';
export interface Hook {
  id: string; name: string; url: string; entity: string | null; ops: HookOp[]; filter: Filter | null; owner: Ref; active: boolean; stopped: HookStopped;
  fails: number; paused_until: string | null; created_at: string; waiting: number; may: boolean;
  /** told once: when it was made or renewed */
  secret?: string;
}
export interface HookDelivery {
  id: string; type: string; entity: string; record: string; op: HookOp | 'test'; state: 'waiting' | 'sending' | 'delivered' | 'dead' | 'stopped' | 'unseen';
  tries: number; due_at: string | null; created_at: string; sent_at: string | null; status: number;
  /** what came back, or without a status the kind of failure */
  answer: string;
}
export type SyncOpen = 'received' | 'retry' | 'held' | 'refused';
export type SyncState = SyncOpen | 'applied' | 'unchanged' | 'dropped';
/** A system that sends; exact: the counts are no lower bounds. */
export interface SyncSystem { system: string; since: string; open: Record<SyncOpen, number>; exact: boolean; oldest_at: string | null }
export interface SyncReason { code: string; field: string; items: number }
export interface SyncItem {
  id: string; batch: string; entity: string; external: string; item: string; op: 'upsert' | 'delete' | 'link'; state: SyncState; at: string; done_at: string | null; next_at: string | null;
  tries: number; record: string | null; sender: Ref | null; problem: { code: string; status: number; field?: string; detail?: string } | null;
}
export interface SyncTry { at: string; what: 'refused' | 'again' | 'released' | 'changed' | 'dropped'; by: Ref | null; code: string; field: string; detail: string }
export interface SyncDetail extends SyncItem { values: Record<string, unknown> | null; history: SyncTry[] }
export interface Captcha { id: string; image: string; question: string }
/** hours: [hours behind the time asked from, pages, actions] */
export interface UsageRow { user: Ref | null; pages: number; actions: number; hours: [number, number, number][]; areas: { area: string; pages: number; actions: number }[] }
export interface UsageRules { on: boolean; days: number }
export interface SessionRow { key: string; this: boolean; user?: Ref | null; addr: string; agent: string; created_at: string; seen_at: string }
export interface Account { id: string; active: boolean; password: boolean; must_change: boolean; first_until: string | null; sessions: number; keys: number; can_invite: boolean; invited: { at: string; state: MailState; why: string } | null; factor: { totp: string | null; recovery: number; required: boolean; want: 'none' | 'any' | 'passkey'; passkeys: number }; identities: Identity[] }
/** By whom somebody is known: a provider (null: it is gone) or a directory; login: his name there. */
export interface Identity { key: string; provider: string | null; name: string; kind: string; subject: string; login: string; at: string }
/** totp: since when codes of an app are asked for; required: by a role of his */
export interface Factors { totp: string | null; recovery: number; required: boolean; want: 'none' | 'any' | 'passkey'; password: boolean; passkeys: Passkey[]; passkey_possible: boolean }
export interface Passkey { id: string; name: string; created_at: string; used_at: string | null }
/** Bytes as base64url. */
export interface PasskeyNew { challenge: string; rp: string; firm: string; user: string; mail: string; name: string; algs: number[]; known: string[] }
export interface PasskeyAsk { challenge: string; rp: string; second: boolean; known: string[] }
/** What proves who one is; second: a password alone does not. */
export interface ProofWays { password: boolean; passkey_alone: boolean; second: boolean; totp: boolean; recovery: number; passkeys: number; sso: string | null }
export interface PasskeyAnswer { id: string; client: string; data: string; signature?: string }
export interface TotpNew { secret: string; uri: string; qr?: { size: number; path: string } }
export interface MailServer { set: boolean; url: string; host: string; port: number; security: 'starttls' | 'tls' | 'none'; user: string; has_password: boolean; from: string; name: string; ca: string }
export interface SignupRules { open: boolean; mail: boolean; domains: string; role: Ref | null }
export type MailState = 'queued' | 'sending' | 'sent' | 'failed' | 'unknown';
export interface MailRow { id: string; kind: string; state: MailState; to: string; user: Ref | null; subject: string; at: string; done_at: string | null; due_at: string | null; tries: number; why: string }
export interface MailAnswer { at: string; code: number; outcome: string; said: string }
export interface MailDetail extends MailRow { answers: MailAnswer[] }
/** What a link in one of our mails is good for. */
export interface MailLink { kind: 'reset' | 'invite' | 'unlock' | 'address' | 'signup'; name: string; mail: string; language: string; firm: string }
export type Outcome = 'in' | 'half' | 'wrong' | 'pending' | 'captcha' | 'locked' | 'blocked' | 'rate' | 'refused' | 'broken';
export interface Attempt { id: string; at: string; name: string; user: Ref | null; addr: string; agent: string; known: boolean; outcome: Outcome }
/** A row of the security log; text, told: the kind and its parameters in the user's language. */
export interface SecurityEvent {
  id: string; at: string; kind: string; text: string; who: Ref | null; key: Ref | null; subject: Ref | null; subject_of: string; entity: string;
  addr: string; way: string; n: number; detail: Record<string, unknown> | null; told: string;
}
export interface Lock { id: string; name: string; user: string | null; known: boolean; until: string }
/** addr "": all unknown devices together. */
export interface Held { id: string; addr: string; until: string }
export interface Block { id: string; addr: string; why: string; at: string; until: string | null }
/** A trade template; label and text by language. */
export interface Trade { name: string; icon: string; label: Record<string, string>; text: Record<string, string>; there: boolean }
export interface TradeMade { batch: string | null; groups: number; made: { entity: string; field?: string }[] }
export interface Setup { needed: boolean; passkeys: boolean; languages: string[]; trades?: Trade[] }

export interface Change { field: string; old: Value; new: Value }
export interface Entry {
  seq: string | number; at: string; who: Ref | null; way: string; key?: Ref; batch: string | null;
  op: 'create' | 'update' | 'delete' | 'restore' | 'merge' | 'share'; changes: Change[];
  loser?: Ref; winner?: Ref;
  /** Whom it was shared with: what he had, and what he has since. */
  share?: { to: Ref; old: Shared | null; new: Shared | null };
}
export interface Shared { right: 'see' | 'change'; until: string | null; why: string }
export interface Dup { id: string; title: string; score: number; why: string[] }
export interface Pair { a: string; b: string; title_a: string; title_b: string; score: number; why: string[] }
export interface Pairs { data: Pair[]; pairs: number; merged: number; batch: string }
export interface Massed { batch: string | null; changed: number; unchanged: number; refused: number; reasons: { id: string; title: string; why: string }[] }
export interface Backups {
  daily: boolean; store: boolean;
  last: { at: string; ok: boolean; error: string; good_at: string | null; report: { name: string; bytes: number; files_bytes: number; ms: number; uploaded: boolean; remote_problem: string; tables: Record<string, number> } | null } | null;
  data: { name: string; made_at: string; bytes: number }[];
}
export interface Handed extends Omit<Massed, 'unchanged'> { left: number }
export interface Kept { entity: string; id: string; title: string; fields: string[] }
export interface Undone { batch: string; undone: number; kept: Kept[]; left: (Kept & { why: string })[] }
export interface Batch {
  id: string; at: string; who: Ref | null; way: string; title: string; state: 'running' | 'done' | 'failed' | 'undoing' | 'undone';
  counts: { create?: number; update?: number; delete?: number; restore?: number; merge?: number }; undo_of: string | null;
  /** The first few merges; `fields` came from the loser. */
  merged?: { entity: string; winner: Ref; loser: Ref; fields: string[] }[];
}

export interface Hit { id: string; title: string; subtitle: string; match?: string; groups?: Ref[] }
export interface Found { data: { entity: string; items: Hit[]; more: boolean }[] }
export interface Caller { entity: string; id: string; title: string; exact: boolean; company?: Ref | null; phones: Phone[]; groups?: Ref[] }
export interface Who { number: string; data: Caller[] }

export interface Stored { id: string; name: string; type: string; bytes: number }
export interface Column {
  index: number; heading: string; samples: string[]; to: string | null; guess: number;
  new_field?: { kind: string; label: string } | null; kind?: string; label?: string;
}
export interface Target { to: string; label: Labels | string }
export interface Plan {
  sheets: { name: string; rows: number; used: boolean; hidden: boolean }[]; sheet: number; entity: string; header_row: number; encoding?: string | null; separator?: string | null;
  columns: Column[]; targets: Target[]; new_field_kinds: string[];
  /** No column says who a row is about: nothing will be imported as it is. */
  nobody?: boolean;
}
export type Fate = 'new' | 'joined' | 'changed' | 'refused' | 'empty';
export interface ReportCell { column: string | number; text: string; why: string }
export interface ReportRow { sheet?: string; row: number; fate: Fate; title: string; why?: string; to_confirm?: true; cells?: ReportCell[] }
export interface Report {
  rows: number; new: number; joined: number; changed: number; refused: number; empty: number; problems: number; to_confirm: number; companies: number;
  left_out: { sheet: string; rows: number }[]; sample: ReportRow[]; batch?: string; refused_file?: string;
}
export interface Job<T = unknown> {
  id: string; kind: string; state: 'waiting' | 'running' | 'done' | 'failed' | 'cancelled'; done: number; total: number;
  /** the arguments it was given */
  asked?: unknown; result: T | null; error: string | null; files?: { name: string; href: string }[];
}
/** A row of the list of jobs; by: the user, null = Kontor itself. */
export interface JobRow extends Pick<Job, 'id' | 'kind' | 'state' | 'done' | 'total' | 'error'> { by: string | null; may: boolean; at: string; file?: string }
export interface LiveChange { seq: string; entity: string; id: string; version: number; op: string; batch: string | null }

export type Filter =
  | { and: Filter[] } | { or: Filter[] } | { not: Filter }
  | { field: string; op: Op; value?: Value }
  | { link: string; has: Filter } | { any: string; has: Filter } | { all: string; has: Filter };

/** What an erasure would take. */
export interface ErasePart { entity: string; count: number; sample: { id: string; title: string }[] }
export interface ErasePlan {
  title: string; gone: ErasePart[]; shared: ErasePart[]; kept: { entity: string; id: string; title: string; until: string }[];
  beside: Record<string, number>; mentions: { entity: string; id: string; title: string }[];
}
export interface Erasure { id: string; ref: string; at: string; who: Ref; ground: string; entity: string; state: 'waiting' | 'begun' | 'done' | 'merged' | 'dropped'; told: Record<string, number>; swept: boolean; rule: Ref | null }
export interface IdpRole { group: string; role: string | null }
export type IdpFactor = 'own' | 'claim' | 'always';
export interface Idp {
  id: string; kind: 'oidc' | 'ldap'; name: string; active: boolean; creates: boolean; links: boolean; logout: boolean; role: string | null; factor: IdpFactor; map: IdpRole[]; has_secret: boolean; back: string; left: string;
  issuer: string; client_id: string; scopes: string; groups: string; acr: string;
  url: string; starttls: boolean; ca: string; bind_dn: string; base: string; filter: string; bind_as: string; nested: 'off' | 'walk' | 'ad'; mail_trusted: boolean; group_base: string; timeout: number;
  attr_id: string; attr_name: string; attr_mail: string; attr_phone: string; attr_lang: string;
}
/** What is sent: of the secret what was typed anew, else nothing. */
export type IdpBody = Partial<Omit<Idp, 'id' | 'has_secret' | 'back' | 'left'>> & { secret?: string };
/** url: Kontor knows where people find it; roles: those that can be given. */
export interface IdpList { data: Idp[]; url: boolean; roles: { id: string; title: string }[] }
export interface IdpTried { keys?: number; subject?: string; name?: string; mail?: string; phone?: string; groups?: string[] }
