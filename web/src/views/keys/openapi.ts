// What of an OpenAPI document the page shows.
export type Schema = Record<string, unknown>;
export interface Param { name: string; in: 'path' | 'query' | 'header'; required: boolean; description?: string }
type Content = Record<string, { schema?: Schema }>;
interface Reply { $ref?: string; content?: Content }
interface Raw { summary: string; tags: string[]; parameters: Param[]; requestBody?: { content: Content }; responses: Record<string, Reply> }
export interface Doc { paths: Record<string, Record<string, Raw>>; components: { schemas: Record<string, Schema>; responses: Record<string, Reply> } }
export interface Op { method: string; path: string; summary: string; tag: string; params: Param[]; body: Schema | null; replies: Record<string, Reply> }
export interface Refusal { status: string; code: string; text: string }

export function operationsOf(doc: Doc): Op[] {
  return Object.entries(doc.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, o]) => ({
      method: method.toUpperCase(), path, summary: o.summary, tag: o.tags[0] ?? '', params: o.parameters,
      body: o.requestBody ? (o.requestBody.content['application/json']?.schema ?? null) : null, replies: o.responses,
    })),
  );
}

/** The schema that a reference names. */
export function resolve(doc: Doc, s: Schema): Schema {
  const ref = s.$ref;
  return typeof ref === 'string' ? (doc.components.schemas[ref.split('/').pop() ?? ''] ?? s) : s;
}

/** What it can be refused with, a code each; without what comes before a request is read. */
export function refusalsOf(doc: Doc, op: Op): Refusal[] {
  const told = (doc.components.schemas['Code']?.oneOf ?? []) as { const: string; description: string }[];
  return Object.entries(op.replies).flatMap(([status, x]) => {
    const reply = x.$ref ? doc.components.responses[x.$ref.split('/').pop() ?? ''] : undefined;
    const parts = (reply?.content?.['application/problem+json']?.schema?.allOf ?? []) as { properties?: { code: { enum: string[] } } }[];
    const codes = status === 'default' ? [] : parts.flatMap((p) => p.properties?.code.enum ?? []);
    return codes.map((code) => ({ status, code, text: told.find((c) => c.const === code)?.description ?? '' }));
  });
}

/** The address under /api/v1 of a request with these values; what is empty is left out. */
export function addressOf(op: Op, values: Record<string, string>): string {
  const path = op.path.replace(/^\/api\/v1/, '').replace(/\{(\w+)\}/g, (_, k: string) => encodeURIComponent(values[k] ?? ''));
  const q = new URLSearchParams();
  for (const p of op.params) if (p.in === 'query' && values[p.name]) q.set(p.name, values[p.name] ?? '');
  const s = q.toString();
  return path + (s ? '?' + s : '');
}
