// Live changes: one event stream a browser. The tab that holds the lock reads it and tells the others.
import type { LiveChange } from '../api/types';

type Message = { type: 'change'; data: LiveChange } | { type: 'job'; data: { id: string } } | { type: 'hello' };
type Hear = (m: Message) => void;

const ears = new Set<Hear>();
let channel: BroadcastChannel | null = null;
let stop: (() => void) | null = null;

const tell = (m: Message) => {
  for (const hear of ears) hear(m);
};

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
  es.addEventListener('hello', () => tell({ type: 'hello' }));
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
