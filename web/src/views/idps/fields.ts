// The texts that describe a provider, by kind: one list for the form.
import type { Idp } from '../../api/types';
import type { Key } from '../../lib/i18n.svelte';

type Texts = 'name' | 'issuer' | 'client_id' | 'scopes' | 'groups' | 'acr' | 'url' | 'bind_dn' | 'base' | 'filter' | 'group_base' | 'bind_as' | 'attr_id' | 'attr_name' | 'attr_mail' | 'attr_phone' | 'attr_lang';
export interface TextField { key: Texts; label: Key; hint?: Key; shown?: (v: Idp) => boolean }
export const TEXTS: Record<Idp['kind'], TextField[]> = {
  oidc: [
    { key: 'name', label: 'idp.name', hint: 'idp.nameHint' },
    { key: 'issuer', label: 'idp.issuer', hint: 'idp.issuerHint' },
    { key: 'client_id', label: 'idp.client' },
    { key: 'scopes', label: 'idp.scopes', hint: 'idp.scopesHint' },
    { key: 'groups', label: 'idp.groups', hint: 'idp.groupsHint' },
    { key: 'acr', label: 'idp.acr', hint: 'idp.acrHint', shown: (v) => v.factor === 'claim' },
  ],
  ldap: [
    { key: 'name', label: 'idp.name' },
    { key: 'url', label: 'idp.url', hint: 'idp.urlHint' },
    { key: 'bind_dn', label: 'idp.bindDn', hint: 'idp.bindDnHint' },
    { key: 'base', label: 'idp.base', hint: 'idp.baseHint' },
    { key: 'filter', label: 'idp.filter', hint: 'idp.filterHint' },
    { key: 'group_base', label: 'idp.groupBase', hint: 'idp.groupBaseHint' },
    { key: 'bind_as', label: 'idp.bindAs', hint: 'idp.bindAsHint' },
    { key: 'attr_id', label: 'idp.attrId', hint: 'idp.attrIdHint' },
    { key: 'attr_name', label: 'idp.attrName' },
    { key: 'attr_mail', label: 'idp.attrMail' },
    { key: 'attr_phone', label: 'idp.attrPhone' },
    { key: 'attr_lang', label: 'idp.attrLang' },
  ],
};

export const fresh: Idp = {
  id: '', kind: 'oidc', name: '', active: true, creates: false, links: false, logout: false, role: null, factor: 'own', map: [], has_secret: false, back: '', left: '',
  issuer: '', client_id: '', scopes: 'profile email', groups: 'groups', acr: '',
  url: '', starttls: false, ca: '', bind_dn: '', base: '', filter: '(&(objectClass=person)(|(uid=%s)(mail=%s)))', bind_as: '', nested: 'walk', mail_trusted: false, group_base: '', timeout: 10,
  attr_id: 'entryUUID', attr_name: 'cn', attr_mail: 'mail', attr_phone: 'telephoneNumber', attr_lang: 'preferredLanguage',
};
