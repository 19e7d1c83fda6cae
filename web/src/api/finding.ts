// Registers, proposals, notices, unfinished entries, a new partner.
import { del, get, patch, post, put, type Reply } from './client';
import type { Rec, Ref, Value } from './types';

type Values = Record<string, Value>;
export interface Warning { code: string; text: string; reason?: string; id?: string }
export type FirmState = 'unknown' | 'active' | 'closing' | 'insolvent' | 'closed';
export interface Candidate { source: string; state: FirmState; fields: Values; warnings: Warning[]; known: { id: string; title: string; score: number }[] }
export interface Asked { source: string; how: 'found' | 'nothing' | 'down'; at: string; cached: boolean }
export interface Registers { data: Candidate[]; asked: Asked[] }
export interface Proposal { id: string; field: string; value: Value; old: Value; source: string; at: string }
export interface Notice {
  id: string; kind: 'changed' | 'proposed' | 'shared' | 'retention'; at: string; read: boolean; entity: string; record: Ref; field?: string; old?: string | Ref; new?: string | Ref;
  source?: string; by?: Ref; right?: 'see' | 'change';
}
export interface Notices { data: Notice[]; unread: number }
export interface Partner { company: Values; accounts: Values[]; people: Values[]; note: string }
export interface DraftHead { id: string; kind: string; title: string; at: string }
export interface Draft extends DraftHead { data: Partner & { step?: string } }

export const askRegisters = (country: string, number: string, name: string) => get<Registers>('/register?' + new URLSearchParams({ country, number, name }).toString());
export const proposals = async (entity: string, id: string) => (await get<{ data: Proposal[] }>(`/${entity}/${id}/proposal`)).data;
export const propose = async (entity: string, id: string, source: string, fields: Values) =>
  (await post<{ proposed: number }>(`/${entity}/${id}/proposal`, { source, fields })).data.proposed;
export const takeProposal = (id: string): Promise<Reply<Rec>> => post<Rec>(`/proposal/${id}/take`, undefined);
export const refuseProposal = (id: string) => post<null>(`/proposal/${id}/refuse`, undefined);
export const notices = () => get<Notices>('/notice');
export const unreadNotices = async () => (await get<Notices>('/notice?unread=1')).unread;
export const readNotice = (id: string | null) => patch<null>('/notice' + (id ? `/${id}` : ''), { read: true });
export const drafts = async () => (await get<{ data: DraftHead[] }>('/draft')).data.filter((d) => d.kind === 'partner');
export const getDraft = (id: string) => get<Draft>(`/draft/${id}`);
export const keepDraft = async (id: string | null, title: string, data: Draft['data']): Promise<string> => {
  const body = { kind: 'partner', title, data };
  return (id ? await put<Draft>(`/draft/${id}`, body) : await post<Draft>('/draft', body)).data.id;
};
export const dropDraft = (id: string) => del(`/draft/${id}`);
export const makePartner = async (p: Partner, draft: string | null) => (await post<{ batch: string; company: Rec }>('/partner', { ...p, draft })).data;
