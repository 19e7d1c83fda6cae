// What a browser calls itself, in two words. Order counts: most call themselves Chrome or Safari, too.
const BROWSERS: [RegExp, string][] = [
  [/\bEdg(e|A|iOS)?\//, 'Edge'], [/\bOPR\/|\bOpera\b/, 'Opera'], [/\bYaBrowser\//, 'Yandex Browser'], [/\bSamsungBrowser\//, 'Samsung Internet'], [/\bFirefox\/|\bFxiOS\//, 'Firefox'],
  [/\bChrome\/|\bCriOS\/|\bChromium\//, 'Chrome'], [/\bSafari\//, 'Safari'],
];
const SYSTEMS: [RegExp, string][] = [
  [/\bAndroid\b/, 'Android'], [/\b(iPhone|iPod)\b/, 'iPhone'], [/\biPad\b/, 'iPad'], [/\bWindows\b/, 'Windows'], [/\bMac OS X\b|\bMacintosh\b/, 'macOS'], [/\bCrOS\b/, 'ChromeOS'], [/\bLinux\b/, 'Linux'],
];
const first = (list: [RegExp, string][], s: string) => list.find(([r]) => r.test(s))?.[1];

/** "Firefox · Windows"; what is no browser keeps the first word of its name; null when it did not say. */
export function device(agent: string): string | null {
  const found = [first(BROWSERS, agent), first(SYSTEMS, agent)].filter((x) => x);
  return found.join(' · ') || (agent.trim().split(/[\s/;(]/)[0] ?? '').slice(0, 40) || null;
}
