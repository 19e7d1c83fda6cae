// Looking for a record to link to.
import { list } from '../../api/calls';
import type { Choice } from '../../ui/Combo.svelte';

export async function findRecords(to: string, q: string): Promise<Choice[]> {
  const page = await list(to, { q }, 8);
  return page.data.map((r) => ({ id: r.id, title: r.title }));
}
