// Log-in by others: apart from the other calls, for the first page needs none of it.
import { del, get, patch, post } from './client';

export interface IdpRole { group: string; role: string | null }
export type IdpFactor = 'own' | 'claim' | 'always';
export interface Idp {
  id: string; kind: 'oidc'; name: string; active: boolean; creates: boolean; links: boolean; role: string | null; factor: IdpFactor; map: IdpRole[]; has_secret: boolean; back: string;
  issuer: string; client_id: string; scopes: string; groups: string; acr: string;
}
/** What is sent: of the secret what was typed anew, else nothing. */
export type IdpBody = Partial<Omit<Idp, 'id' | 'has_secret' | 'back'>> & { secret?: string };
/** url: Kontor knows where people find it; roles: those that can be given. */
export interface IdpList { data: Idp[]; url: boolean; roles: { id: string; title: string }[] }
export interface IdpTried { keys?: number }

export const idps = () => get<IdpList>('/idp');
export const makeIdp = (body: IdpBody) => post<Idp>('/idp', body);
export const changeIdp = (id: string, body: IdpBody) => patch<Idp>(`/idp/${id}`, body);
export const endIdp = (id: string) => del(`/idp/${id}`);
export const tryIdp = async (id: string) => (await post<IdpTried>(`/idp/${id}/test`, {})).data;
/** Where the browser is to go to log in by a provider. */
export const beginSso = async (id: string) => (await post<{ url: string }>(`/sso/${id}`, undefined)).data.url;
