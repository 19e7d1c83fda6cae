// One door to the server: JSON in and out, problems as errors, a CSRF token and an idempotency key on every write.
export const BASE = '/api/v1';
let csrf = '';
let as = '';
let lost: () => void = () => {};
let prove: () => Promise<boolean> = () => Promise.resolve(false);

/** What the server answered instead of a result (RFC 9457), or status 0 when it did not answer at all. */
export class Problem extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    detail: string,
    readonly field: string | null = null,
    readonly body: Record<string, unknown> = {},
  ) {
    super(detail);
  }
}

export interface Reply<T> {
  data: T;
  /** the change to undo, from X-Change */
  change: string | null;
  status: number;
}

export function setToken(token: string): void {
  csrf = token;
}

/** Whose rights the answers have: a user's id, '' = one's own. */
export function setAs(id: string): void {
  as = id;
}

export function onSessionLost(run: () => void): void {
  lost = run;
}

/** Asks for the password once more; true when it was right, then the request is repeated. */
export function onProofNeeded(ask: () => Promise<boolean>): void {
  prove = ask;
}

function key(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (b) => b.toString(16).padStart(2, '0')).join('');
}

/** What a write that is not sent from here must carry. */
export const outHeaders = (): Record<string, string> => ({ 'x-csrf-token': csrf, 'idempotency-key': key(), 'accept-language': document.documentElement.lang });

async function problem(res: Response): Promise<Problem> {
  let body: Record<string, unknown> = {};
  try {
    body = (await res.json()) as Record<string, unknown>;
  } catch {
    body = {};
  }
  const text = (k: string) => (typeof body[k] === 'string' ? body[k] : '');
  const wait = Number(res.headers.get('retry-after')) || 0;
  return new Problem(res.status, text('code') || text('title'), text('detail') || text('title'), text('field') || null, { ...body, wait });
}

async function ask(method: string, path: string, headers: Record<string, string>, body?: string): Promise<Response> {
  const once = () => fetch(BASE + path, { method, headers, body, credentials: 'same-origin' });
  try {
    return await once();
  } catch {
    if (method === 'GET' || !navigator.onLine) throw new Problem(0, 'offline', 'offline');
  }
  // The reply may have been lost after the write: the same key makes asking again safe.
  try {
    return await once();
  } catch {
    throw new Problem(0, 'offline', 'offline');
  }
}

async function call<T>(method: string, path: string, body?: unknown): Promise<Reply<T>> {
  // Before the log-in nobody knows his language but this page.
  const headers: Record<string, string> = { accept: 'application/json', 'accept-language': document.documentElement.lang };
  if (as) headers['x-kontor-as'] = as;
  if (method !== 'GET') {
    headers['idempotency-key'] = key();
    if (csrf) headers['x-csrf-token'] = csrf;
  }
  if (body !== undefined) headers['content-type'] = 'application/json';
  const res = await ask(method, path, headers, body === undefined ? undefined : JSON.stringify(body));
  if (!res.ok) {
    if (res.status === 401 && path !== '/session') lost();
    const why = await problem(res);
    if (why.code === 'proof' && (await prove())) return call(method, path, body);
    throw why;
  }
  const empty = res.status === 204 || res.headers.get('content-length') === '0';
  return { data: (empty ? null : await res.json()) as T, change: res.headers.get('x-change'), status: res.status };
}

/** A request as somebody writes it, and the answer as it comes. */
export async function raw(method: string, path: string, body?: string): Promise<{ status: number; text: string }> {
  const headers: Record<string, string> = method === 'GET' ? {} : { 'idempotency-key': key(), 'x-csrf-token': csrf };
  if (body !== undefined) headers['content-type'] = 'application/json';
  const res = await ask(method, path, headers, body);
  return { status: res.status, text: await res.text() };
}

export async function get<T>(path: string): Promise<T> {
  return (await call<T>('GET', path)).data;
}

export const post = <T>(path: string, body: unknown): Promise<Reply<T>> => call<T>('POST', path, body);
export const patch = <T>(path: string, body: unknown): Promise<Reply<T>> => call<T>('PATCH', path, body);
export const put = <T>(path: string, body: unknown): Promise<Reply<T>> => call<T>('PUT', path, body);
export const del = <T = null>(path: string, body?: unknown): Promise<Reply<T>> => call<T>('DELETE', path, body);
