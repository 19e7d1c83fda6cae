// A request asked for the password once more: who waits for it, until the dialog is answered.
import { onProofNeeded } from '../api/client';

let waiting = $state.raw<((done: boolean) => void)[]>([]);

onProofNeeded(() => new Promise((done) => (waiting = [...waiting, done])));

export const proofNeeded = (): boolean => waiting.length > 0;
export function proofDone(done: boolean): void {
  const all = waiting;
  waiting = [];
  for (const w of all) w(done);
}
