// The texts that describe a provider, by kind: one list for the form.
import type { Idp } from '../../api/types';
import type { Key } from '../../lib/i18n.svelte';

export interface TextField { key: 'name' | 'issuer' | 'client_id' | 'scopes' | 'groups' | 'acr'; label: Key; hint?: Key; shown?: (v: Idp) => boolean }
export const TEXTS: Record<Idp['kind'], TextField[]> = {
  oidc: [
    { key: 'name', label: 'idp.name', hint: 'idp.nameHint' },
    { key: 'issuer', label: 'idp.issuer', hint: 'idp.issuerHint' },
    { key: 'client_id', label: 'idp.client' },
    { key: 'scopes', label: 'idp.scopes', hint: 'idp.scopesHint' },
    { key: 'groups', label: 'idp.groups', hint: 'idp.groupsHint' },
    { key: 'acr', label: 'idp.acr', hint: 'idp.acrHint', shown: (v) => v.factor === 'claim' },
  ],
};

export const fresh: Idp = {
  id: '', kind: 'oidc', name: '', active: true, creates: false, links: false, role: null, factor: 'own', map: [], has_secret: false, back: '',
  issuer: '', client_id: '', scopes: 'profile email', groups: 'groups', acr: '',
};
