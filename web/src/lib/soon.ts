// A filter that is typed: asked for when the fingers rest.
import { setParams } from './router.svelte';

const REST_MS = 250;
let soon: ReturnType<typeof setTimeout> | undefined;

export function setParamsSoon(params: Record<string, string>): void {
  clearTimeout(soon);
  soon = setTimeout(() => setParams(params, true), REST_MS);
}
