// The second factor, by name: apart from the others, for the first page needs none of it.
import { del, get, patch, post, put } from './client';
import type { Factors, PasskeyAnswer, PasskeyAsk, PasskeyNew, ProofWays, Session, TotpNew } from './types';

export const secondWays = () => get<{ totp: boolean; recovery: number; passkeys: number }>('/session/factor');
export const secondStep = (body: { code?: string; recovery?: string }) => post<Session>('/session/factor', body);
export const proofWays = () => get<ProofWays>('/session/proof');
export const askProof = () => post<PasskeyAsk>('/session/proof/passkey', undefined);
export const proveSession = (body: { password?: string; code?: string; recovery?: string; passkey?: PasskeyAnswer }) => post<null>('/session/proof', body);
export const factors = () => get<Factors>('/factor');
export const beginTotp = () => post<TotpNew>('/factor/totp', undefined);
export const confirmTotp = (code: string) => post<{ recovery: string[] }>('/factor/totp/confirm', { code });
export const endTotp = () => post<null>('/factor/totp/end', undefined);
export const renewRecovery = () => post<{ recovery: string[] }>('/factor/recovery', undefined);
export const beginPasskey = () => post<PasskeyNew>('/passkey/begin', undefined);
export const addPasskey = (name: string, answer: PasskeyAnswer) => post<{ id: string; recovery: string[] }>('/passkey', { name, ...answer });
export const namePasskey = (id: string, name: string) => patch<null>(`/passkey/${id}`, { name });
export const endPasskey = (id: string) => post<null>(`/passkey/${id}/end`, undefined);
export const askPasskey = () => post<PasskeyAsk>('/session/passkey/begin', undefined);
export const logInByPasskey = (answer: PasskeyAnswer) => post<Session>('/session/passkey', answer);
export const factorRule = () => get<{ want: 'none' | 'any' | 'passkey'; passkey_possible: boolean }>('/factor/rule');
export const setFactorRule = (want: string) => put<null>('/factor/rule', { want });
export const resetFactor = (user: string) => del(`/account/${user}/factor`);
