// Records that name their parent, as a tree: what belongs to nobody shown stands on top, and a circle is cut.
export interface Flat { id: string; parent: string | null; title: string; href: string; people: number; sub?: string | undefined; current?: boolean }
export interface Node extends Flat {
  /** people here and below */
  total: number;
  children: Node[];
}

export function tree(flat: Flat[]): Node[] {
  const nodes = new Map(flat.map((f) => [f.id, { ...f, total: f.people, children: [] } as Node]));
  const rises = (n: Node): boolean => {
    const seen = new Set<string>();
    for (let at: Node | undefined = n; at; at = at.parent ? nodes.get(at.parent) : undefined) {
      if (seen.has(at.id)) return false;
      seen.add(at.id);
    }
    return true;
  };
  const roots: Node[] = [];
  for (const n of nodes.values()) {
    const up = n.parent ? nodes.get(n.parent) : undefined;
    if (up && rises(n)) up.children.push(n);
    else roots.push(n);
  }
  const sum = (n: Node): number => {
    n.children.sort((a, b) => a.title.localeCompare(b.title));
    return (n.total = n.people + n.children.reduce((s, c) => s + sum(c), 0));
  };
  roots.sort((a, b) => a.title.localeCompare(b.title)).forEach(sum);
  return roots;
}

export interface Line { node: Node; level: number; at: number; of: number; up: string | null }

/** The lines one sees while the nodes of `shut` are closed. */
export function lines(roots: Node[], shut: ReadonlySet<string>, level = 1, up: string | null = null): Line[] {
  return roots.flatMap((node, i) => [{ node, level, at: i + 1, of: roots.length, up }, ...(shut.has(node.id) ? [] : lines(node.children, shut, level + 1, node.id))]);
}
