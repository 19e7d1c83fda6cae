// Light, dark, or what the system says.
export type Theme = 'light' | 'dark' | 'system';

const saved = localStorage.getItem('theme');
let now = $state<Theme>(saved === 'light' || saved === 'dark' ? saved : 'system');

export const theme = (): Theme => now;

export function applyTheme(): void {
  if (now === 'system') delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = now;
}

export function setTheme(t: Theme): void {
  now = t;
  localStorage.setItem('theme', t);
  applyTheme();
}
