import { describe, expect, it } from 'vitest';
import { lines, tree, type Flat } from '../../src/lib/tree';

const f = (id: string, parent: string | null, people = 0): Flat => ({ id, parent, title: id, href: '/' + id, people });

describe('a tree', () => {
  it('has children below their parents and sums people', () => {
    const [a, z] = tree([f('c', 'b', 2), f('b', 'a', 1), f('a', null, 1), f('a2', 'a', 5), f('z', 'elsewhere', 3)]);
    expect([a?.id, a?.total, a?.children.map((n) => n.id)]).toEqual(['a', 9, ['a2', 'b']]);
    expect([z?.id, z?.total]).toEqual(['z', 3]);
  });
  it('is cut where it goes round', () => expect(tree([f('a', 'b'), f('b', 'a')]).map((n) => n.id)).toEqual(['a', 'b']));
  it('shows what is open, with level and place', () => {
    const roots = tree([f('a', null), f('b', 'a'), f('c', 'b'), f('d', 'a')]);
    expect(lines(roots, new Set()).map((l) => `${l.node.id}${l.level}${l.at}/${l.of}`)).toEqual(['a11/1', 'b21/2', 'c31/1', 'd22/2']);
    expect(lines(roots, new Set(['b'])).map((l) => l.node.id)).toEqual(['a', 'b', 'd']);
  });
});
