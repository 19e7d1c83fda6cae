// Long texts as HTML. The server makes and cleans it (fmt/markup.h): nothing else may be given to {@html}.
import { post } from '../api/client';

const KEPT = 200;
const AT_ONCE = 100;
const LENGTH = 120_000; // of one request, in characters: 400,000 bytes at most
// A browser that knows of Trusted Types lets no other string of ours become HTML (ui_csp).
const policy = (window as { trustedTypes?: { createPolicy(name: string, rules: { createHTML: (s: string) => string }): { createHTML(s: string): string } } }).trustedTypes?.createPolicy('kontor', { createHTML: (s) => s });
const known = new Map<string, Promise<string>>();
let waiting: { text: string; done: (html: string) => void }[] = [];

/** '' where nothing of the text would be seen: it is shown as it was typed. */
function trusted(html: string): string {
  if (!html.replace(/<[^>]*>/g, '').trim()) return '';
  return policy ? policy.createHTML(html) : html;
}

function next(): typeof waiting {
  let n = 0;
  for (let length = 0; n < waiting.length && n < AT_ONCE && (!n || length + (waiting[n]?.text.length ?? 0) <= LENGTH); n++) length += waiting[n]?.text.length ?? 0;
  const mine = waiting.slice(0, n);
  waiting = waiting.slice(n);
  return mine;
}

async function ask(): Promise<void> {
  const mine = next();
  if (waiting.length) queueMicrotask(() => void ask());
  try {
    const { html } = (await post<{ html: string[] }>('/markup', { texts: mine.map((w) => w.text) })).data;
    mine.forEach((w, i) => w.done(trusted((html[i] ?? '').trim())));
  } catch {
    mine.forEach((w) => {
      known.delete(w.text);
      w.done('');
    });
  }
}

/** HTML of a text, '' when there is none or nobody answers. What is asked for in the same moment is asked for at once. */
export function rich(text: string): Promise<string> {
  const had = known.get(text);
  if (had) return had;
  const made = new Promise<string>((done) => {
    if (!waiting.length) queueMicrotask(() => void ask());
    waiting.push({ text, done });
  });
  if (known.size >= KEPT) known.delete(known.keys().next().value ?? '');
  known.set(text, made);
  return made;
}

/** What can be moved sideways can be reached by keyboard. */
export function reachable(node: HTMLElement): void {
  for (const e of node.querySelectorAll<HTMLElement>('pre, table')) if (e.scrollWidth > e.clientWidth) e.tabIndex = 0;
}
