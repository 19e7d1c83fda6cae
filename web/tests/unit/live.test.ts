import { afterEach, describe, expect, it, vi } from 'vitest';
import { concerns, hear, startLive, stopLive, type Message } from '../../src/lib/live.svelte';

type Ear = (e: { data: string }) => void;
const ears = new Map<string, Ear>();
class FakeSource {
  addEventListener(type: string, f: Ear) {
    ears.set(type, f);
  }
  close() {
    ears.clear();
  }
}
class FakeChannel {
  postMessage() {}
  close() {}
}
const say = (type: string, data: unknown) => ears.get(type)?.({ data: JSON.stringify(data) });

function begin(): Message[] {
  vi.stubGlobal('EventSource', FakeSource);
  vi.stubGlobal('BroadcastChannel', FakeChannel);
  vi.stubGlobal('navigator', {});
  const heard: Message[] = [];
  hear((m) => heard.push(m));
  startLive();
  return heard;
}

describe('live changes', () => {
  afterEach(() => {
    stopLive();
    vi.unstubAllGlobals();
  });

  it('nothing is read anew when the first stream begins, nor when a broken one was told all', () => {
    const heard = begin();
    say('hello', { resumed: false });
    say('hello', { resumed: true });
    expect(heard).toEqual([]);
  });

  it('all is read anew when a broken stream was not told all that it missed', () => {
    const heard = begin();
    say('hello', { resumed: false });
    say('change', { seq: '7', entity: 'person', id: '1', version: 2, op: 'update', batch: null });
    say('hello', { resumed: false });
    expect(heard.map((m) => concerns(m, 'company'))).toEqual([false, true]);
    expect(heard.map((m) => concerns(m, 'person'))).toEqual([true, true]);
  });
});
