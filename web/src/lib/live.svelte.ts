// Live changes: one event stream a browser. The tab that holds the lock reads it and tells the others.
import type { LiveChange } from '../api/types';

export type Message = { type: 'change'; data: LiveChange } | { type: 'job'; data: { id: string } };
type Hear = (m: Message) => void;

const ears = new Set<Hear>();
let channel: BroadcastChannel | null = null;
let stop: (() => void) | null = null;

const tell = (m: Message) => {
  for (const hear of ears) hear(m);
};

/** Many records may be others now: a batch, or a stream that broke for longer than its news were kept for. */
const MANY: Message = { type: 'change', data: { seq: '0', entity: '*', id: '', version: 0, op: 'bulk', batch: null } };

/** Is it about records of one of these entities, or about many? */
export const concerns = (m: Message, ...names: string[]): boolean => m.type === 'change' && (m.data.entity === '*' || names.includes(m.data.entity));

export function hear(f: Hear): () => void {
  ears.add(f);
  return () => ears.delete(f);
}

function read(): EventSource {
  const es = new EventSource('/api/v1/events');
  const on = (type: 'change' | 'job') =>
    es.addEventListener(type, (e) => {
      const m = { type, data: JSON.parse((e as MessageEvent<string>).data) } as Message;
      tell(m);
      channel?.postMessage(m);
    });
  on('change');
  on('job');
  let known = false; // the page has just read what it shows when its first stream begins
  es.addEventListener('hello', (e) => {
    if (known && !(JSON.parse((e as MessageEvent<string>).data) as { resumed: boolean }).resumed) {
      tell(MANY);
      channel?.postMessage(MANY);
    }
    known = true;
  });
  return es;
}

export function startLive(): void {
  if (stop) return;
  channel = new BroadcastChannel('kontor-live');
  channel.onmessage = (e) => tell(e.data as Message);
  const end = new AbortController();
  let es: EventSource | null = null;
  // Without a secure context there are no locks: each tab then reads for itself.
  if (navigator.locks) {
    void navigator.locks
      .request('kontor-live', { signal: end.signal }, () => {
        es = read();
        return new Promise<void>((done) => end.signal.addEventListener('abort', () => done()));
      })
      .catch(() => undefined);
  } else es = read();
  stop = () => {
    end.abort();
    es?.close();
    channel?.close();
    channel = null;
    stop = null;
  };
}

export function stopLive(): void {
  stop?.();
}
