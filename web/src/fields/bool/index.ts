import { t } from '../../lib/i18n.svelte';
import type { FieldKind } from '../kind';
import View from '../shared/PlainView.svelte';
import Input from './Input.svelte';

const plain: FieldKind['plain'] = (v) => (v === true ? t('yes') : v === false ? t('no') : '');
export const bool: FieldKind = { View, Input, plain, filter: 'bool', width: '80px' };
