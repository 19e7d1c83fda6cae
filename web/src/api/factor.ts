// The second factor, by name: apart from the others, for the first page needs none of it.
import { del, get, patch, post } from './client';
import type { Factors, PasskeyAnswer, PasskeyAsk, PasskeyNew, Session, TotpNew } from './types';

export const secondWays = () => get<{ totp: boolean; recovery: number; passkeys: number }>('/session/factor');
export const secondStep = (body: { code?: string; recovery?: string }) => post<Session>('/session/factor', body);
export const proveSession = (password: string) => post<null>('/session/proof', { password });
export const factors = () => get<Factors>('/factor');
export const beginTotp = (password: string) => post<TotpNew>('/factor/totp', { password });
export const confirmTotp = (code: string) => post<{ recovery: string[] }>('/factor/totp/confirm', { code });
export const endTotp = (password: string) => post<null>('/factor/totp/end', { password });
export const renewRecovery = (password: string) => post<{ recovery: string[] }>('/factor/recovery', { password });
export const beginPasskey = (password: string) => post<PasskeyNew>('/passkey/begin', { password });
export const addPasskey = (name: string, answer: PasskeyAnswer) => post<{ id: string; recovery: string[] }>('/passkey', { name, ...answer });
export const namePasskey = (id: string, name: string) => patch<null>(`/passkey/${id}`, { name });
export const endPasskey = (id: string, password: string) => post<null>(`/passkey/${id}/end`, { password });
export const askPasskey = () => post<PasskeyAsk>('/session/passkey/begin', undefined);
export const logInByPasskey = (answer: PasskeyAnswer) => post<Session>('/session/passkey', answer);
export const resetFactor = (user: string) => del(`/account/${user}/factor`);
