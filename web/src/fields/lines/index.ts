import { t } from '../../lib/i18n.svelte';
import { asList, type FieldKind } from '../kind';
import View from '../shared/PlainView.svelte';

const plain: FieldKind['plain'] = (v) => (asList(v).length ? t('field.lines', { n: asList(v).length }) : '');
export const lines: FieldKind = { View, Input: null, plain, filter: 'none', width: '110px' };
