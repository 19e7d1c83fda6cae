import { expect, test } from 'vitest';
import type { Field, Filter } from '../../src/api/types';
import { fromRollup, toRollup } from '../../src/views/fields/rollup';

// What a form does not show must not be lost by saving it.
test('a roll-up keeps its condition', () => {
  const where: Filter = { field: 'status', op: 'eq', value: 'done' };
  const f = { name: 'x_n', kind: 'rollup', to: 'interaction', via: 'company', label: {}, def: { agg: 'count', where } } as unknown as Field;
  expect(toRollup(fromRollup(f))).toEqual({ to: 'interaction', via: 'company', def: { agg: 'count', where } });
  expect(toRollup({ ...fromRollup(f), where: null }).def).toEqual({ agg: 'count' });
});
