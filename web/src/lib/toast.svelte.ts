// Short notices at the foot of the page, at most three; the newest Undo answers Ctrl+Z.
export interface Toast { id: number; text: string; tone: 'plain' | 'bad'; action?: { label: string; run: () => void }; part?: number }

const MAX = 3;
const STAY_MS = 7000;
let list = $state<Toast[]>([]);
let last = 0;
const timers = new Map<number, ReturnType<typeof setTimeout>>();

export const toasts = (): Toast[] => list;

export function dismiss(id: number): void {
  clearTimeout(timers.get(id));
  timers.delete(id);
  list = list.filter((t) => t.id !== id);
}

export function hold(): void {
  for (const t of timers.values()) clearTimeout(t);
  timers.clear();
}

export function release(): void {
  for (const t of list) if (t.part === undefined && !timers.has(t.id)) timers.set(t.id, setTimeout(() => dismiss(t.id), STAY_MS));
}

export function toast(text: string, action?: Toast['action'], tone: Toast['tone'] = 'plain'): number {
  const id = ++last;
  // The same words again take the old one's place: the history still undoes the earlier change.
  list = [...list.filter((t) => t.text !== text), { id, text, tone, action }].slice(-MAX);
  timers.set(id, setTimeout(() => dismiss(id), tone === 'bad' ? STAY_MS * 2 : STAY_MS));
  return id;
}

/** A notice with a bar that stays until it is dismissed; `part` is 0 to 1. */
export function toastBar(text: string): { step: (part: number) => void; end: () => void } {
  const id = ++last;
  list = [...list, { id, text, tone: 'plain' as const, part: 0 }].slice(-MAX);
  return {
    step: (part) => (list = list.map((t) => (t.id === id ? { ...t, part } : t))),
    end: () => dismiss(id),
  };
}

export function runNewest(): boolean {
  const t = list.findLast((x) => x.action);
  if (!t) return false;
  dismiss(t.id);
  t.action?.run();
  return true;
}
