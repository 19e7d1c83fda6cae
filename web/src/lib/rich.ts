// Long texts as HTML. The server makes and cleans it (fmt/markup.h): nothing else may be given to {@html}.
import { post } from '../api/client';

// A browser that knows of Trusted Types lets no other string of ours become HTML (ui_csp).
const policy = (window as { trustedTypes?: { createPolicy(name: string, rules: { createHTML: (s: string) => string }): { createHTML(s: string): string } } }).trustedTypes?.createPolicy('kontor', { createHTML: (s) => s });
const KEPT = 200;
const AT_ONCE = 100;
const known = new Map<string, Promise<string>>();
let waiting: { text: string; done: (html: string) => void }[] = [];

const trusted = (html: string) => (html && policy ? policy.createHTML(html) : html);

async function ask(): Promise<void> {
  const mine = waiting.slice(0, AT_ONCE);
  waiting = waiting.slice(AT_ONCE);
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
