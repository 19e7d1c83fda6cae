// Where one can go: data for the sidebar, the tabs of the phone, the palette and the keys.
import Bell from '@lucide/svelte/icons/bell';
import Cog from '@lucide/svelte/icons/cog';
import MailIcon from '@lucide/svelte/icons/mail';
import DoorOpen from '@lucide/svelte/icons/door-open';
import Hourglass from '@lucide/svelte/icons/hourglass';
import History from '@lucide/svelte/icons/history';
import Handshake from '@lucide/svelte/icons/handshake';
import Webhook from '@lucide/svelte/icons/webhook';
import Upload from '@lucide/svelte/icons/upload';
import Shapes from '@lucide/svelte/icons/shapes';
import Trash from '@lucide/svelte/icons/trash-2';
import { entities, label, trashedEntities } from '../lib/meta.svelte';
import { t } from '../lib/i18n.svelte';
import { me } from '../lib/session.svelte';
import { iconOf, type Icon } from '../ui/icons';

export interface Place { path: string; title: string; icon: Icon; key: string; group: 'work' | 'admin' | 'data' }

const ADMIN = new Set(['user', 'team', 'branch', 'role', 'tag', 'relation', 'position', 'firm', 'bank_account', 'consent', 'purpose', 'preference', 'department']);
const KEYS: Record<string, string> = { person: 'p', company: 'c', task: 't', interaction: 'n', group: 'u' };
const FIRST = ['person', 'company', 'task', 'interaction', 'group'];

export function places(): Place[] {
  const rank = (n: string) => (FIRST.includes(n) ? FIRST.indexOf(n) : FIRST.length);
  const all = entities().toSorted((a, b) => rank(a.name) - rank(b.name));
  return [
    ...all.map((e) => ({
      ...(e.name === 'role' && e.rights.create ? { path: '/settings/roles', title: t('roles.title') } : { path: '/' + e.name, title: label(e.plural, e.name) }), icon: iconOf(e.icon, e.name), key: KEYS[e.name] ?? '', group: ADMIN.has(e.name) ? ('admin' as const) : ('work' as const),
    })),
    ...(all.some((e) => e.name === 'interaction') ? [{ path: '/pending', title: t('pending.title'), icon: Hourglass, key: 'o', group: 'work' as const }] : []),
    ...(all.some((e) => e.rights.import) ? [{ path: '/import', title: t('nav.import'), icon: Upload, key: 'i', group: 'data' as const }] : []),
    ...(all.some((e) => e.name === 'company' && e.rights.create) ? [{ path: '/partner', title: t('nav.partner'), icon: Handshake, key: 'w', group: 'data' as const }] : []),
    { path: '/batches', title: t('nav.batches'), icon: History, key: 'b', group: 'data' },
    ...(all.some((e) => e.rights.delete) ? [{ path: '/trash', title: t('trash.title'), icon: Trash, key: '', group: 'data' as const }] : []),
    { path: '/jobs', title: t('jobs.title'), icon: Cog, key: '', group: 'data' },
    ...(trashedEntities() ? [{ path: '/settings/fields', title: t('fields.title'), icon: Shapes, key: '', group: 'admin' as const }, { path: '/settings/mail', title: t('mail.title'), icon: MailIcon, key: '', group: 'admin' as const }] : []),
    { path: '/settings/keys', title: t('apikey.title'), icon: iconOf('key', ''), key: '', group: 'admin' },
    ...(trashedEntities() ? [{ path: '/settings/hooks', title: t('hooks.title'), icon: Webhook, key: '', group: 'admin' as const }, { path: '/settings/sync', title: t('sync.title'), icon: iconOf(''), key: '', group: 'admin' as const }] : []),
    ...(me()?.user.users ? [{ path: '/settings/signins', title: t('signins.title'), icon: DoorOpen, key: '', group: 'admin' as const }] : []),
    ...(me()?.user.privacy ? [{ path: '/settings/privacy', title: t('privacy.title'), icon: iconOf('shield', ''), key: '', group: 'admin' as const }] : []),
    ...(me()?.user.backups ? [{ path: '/settings/backups', title: t('backups.title'), icon: iconOf('folder', ''), key: '', group: 'admin' as const }] : []),
    { path: '/notices', title: t('nav.notices'), icon: Bell, key: '', group: 'data' },
  ];
}
