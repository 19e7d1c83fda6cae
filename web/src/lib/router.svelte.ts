// The address is the state: path = page, parameters = query, filter, sort and the open record.
let now = $state.raw(new URL(location.href));

addEventListener('popstate', () => {
  now = new URL(location.href);
});

export const url = (): URL => now;
export const path = (): string => now.pathname;
export const param = (name: string): string => now.searchParams.get(name) ?? '';

export function go(to: string, replace = false): void {
  const next = new URL(to, location.href);
  if (next.href === now.href) return;
  if (replace) history.replaceState(null, '', next);
  else history.pushState(null, '', next);
  now = next;
}

/** Sets (or with null removes) parameters of the present address. */
export function setParams(params: Record<string, string | null>, replace = false): void {
  const next = new URL(now);
  for (const [k, v] of Object.entries(params)) {
    if (v === null || v === '') next.searchParams.delete(k);
    else next.searchParams.set(k, v);
  }
  go(next.href, replace);
}

/** Turns plain clicks on links of the app into moves without a page load. */
export function followLinks(e: MouseEvent): void {
  if (e.defaultPrevented || e.button !== 0 || e.metaKey || e.ctrlKey || e.shiftKey || e.altKey) return;
  const a = (e.target as Element).closest('a');
  const href = a?.getAttribute('href') ?? '';
  if (!a || a.target || a.hasAttribute('download') || !href.startsWith('/') || href.startsWith('/api/')) return;
  e.preventDefault();
  go(href);
}
