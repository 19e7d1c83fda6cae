// Files on their way to the server: small ones whole, large ones in pieces (tus 1.0.0), so that a line that breaks costs a
// piece and not the file.
import { BASE, get, outHeaders, Problem } from './client';
import type { Stored } from './types';

type Progress = (done: number, total: number) => void;
interface Answer { status: number; text: string; offset: number | null }
interface Upload { id: string; offset: number; file: Stored | null }

const WHOLE = 8 * 1024 * 1024;
const PIECE = 4 * 1024 * 1024;
const TRIES = 8;

/** fetch cannot tell how far it got, XMLHttpRequest can. */
function send(method: string, path: string, headers: Record<string, string>, body: Blob | null, progress: (sent: number) => void): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const x = new XMLHttpRequest();
    x.open(method, BASE + path);
    for (const [name, value] of Object.entries({ ...outHeaders(), ...headers })) x.setRequestHeader(name, value);
    x.upload.onprogress = (e) => progress(e.loaded);
    x.onerror = () => reject(new Problem(0, 'offline', 'offline'));
    x.onload = () => {
      const at = x.getResponseHeader('upload-offset');
      resolve({ status: x.status, text: x.responseText, offset: at === null ? null : Number(at) });
    };
    x.send(body);
  });
}

function parsed(text: string): Record<string, unknown> {
  try {
    return JSON.parse(text) as Record<string, unknown>;
  } catch {
    return {};
  }
}

function problem(a: Answer): Problem {
  const body = parsed(a.text);
  return new Problem(a.status, String(body.code ?? ''), String(body.detail ?? body.title ?? a.status), null, body);
}

async function whole(file: File, progress: Progress, as: string): Promise<Stored> {
  const path = `/file?name=${encodeURIComponent(file.name)}${as && `&as=${as}`}`;
  const a = await send('POST', path, { 'content-type': 'application/octet-stream' }, file, (sent) => progress(sent, file.size));
  if (a.status < 200 || a.status >= 300) throw problem(a);
  return parsed(a.text) as unknown as Stored;
}

const base64 = (s: string) => btoa(String.fromCharCode(...new TextEncoder().encode(s)));

/** A moment, longer each time; not longer than until the line is there again. */
function pause(nth: number): Promise<void> {
  return new Promise((resolve) => {
    const end = () => {
      clearTimeout(timer);
      window.removeEventListener('online', end);
      resolve();
    };
    const timer = setTimeout(end, Math.min(500 * 2 ** nth, 30_000));
    window.addEventListener('online', end);
  });
}

const passing = (e: unknown) => e instanceof Problem && (e.status === 0 || e.status === 409 || e.status === 429 || e.status === 503);

async function pieces(file: File, progress: Progress, as: string): Promise<Stored> {
  const meta = `filename ${base64(file.name)}${as && `,as ${base64(as)}`}`;
  const made = await send('POST', '/upload', { 'upload-length': String(file.size), 'upload-metadata': meta }, null, () => undefined);
  if (made.status !== 201) throw problem(made);
  const path = `/upload/${String(parsed(made.text).id)}`;
  for (let tries = 0, at = 0; ; ) {
    try {
      const a = await send('PATCH', path, { 'content-type': 'application/offset+octet-stream', 'upload-offset': String(at) }, file.slice(at, at + PIECE), (sent) => progress(at + sent, file.size));
      if (a.status !== 204) throw problem(a);
      at = a.offset ?? at;
      tries = 0;
      if (at === file.size) return (await get<Upload>(path)).file as Stored;
    } catch (e) {
      if (!passing(e) || ++tries > TRIES) throw e;
      await pause(tries);
      const now = await get<Upload>(path).catch(() => null); /* how far it came, when the line is there again */
      if (now?.file) return now.file;
      at = now?.offset ?? at;
    }
  }
}

/** Sends a file; as 'picture': it is drawn anew by the server, and may be one. */
export const upload = (file: File, progress: Progress, as: '' | 'picture' = ''): Promise<Stored> =>
  file.size <= WHOLE ? whole(file, progress, as) : pieces(file, progress, as);
