import type { Money } from '../../api/types';
import { locale } from '../../lib/i18n.svelte';
import { showMoney } from '../../lib/numbers';
import type { FieldKind } from '../kind';
import View from '../shared/PlainView.svelte';
import Input from './Input.svelte';

const plain: FieldKind['plain'] = (v) => {
  const m = v as Money | null | undefined;
  return m?.amount ? showMoney(m.amount, m.currency, locale()) : '';
};
export const money: FieldKind = { View, Input, plain, filter: 'number', width: '130px', end: true };
