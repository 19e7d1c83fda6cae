import { mount } from 'svelte';
import './app.css';
import App from './routes/App.svelte';
import { preferred, setLang } from './lib/i18n.svelte';
import { applyTheme } from './lib/theme.svelte';

applyTheme();
await setLang(preferred());
mount(App, { target: document.getElementById('app') as HTMLElement });
