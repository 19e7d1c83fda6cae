import { describe, expect, it } from 'vitest';
import { operationsOf, refusalsOf, type Doc } from '../../src/views/keys/openapi';

const refused = (...codes: string[]) => ({ content: { 'application/problem+json': { schema: { allOf: [{ $ref: '#/components/schemas/Problem' }, { properties: { code: { enum: codes } } }] } } } });
const doc: Doc = {
  paths: {
    '/api/v1/user': {
      post: {
        summary: 'Create', tags: ['Users'], parameters: [],
        responses: { '201': { content: { 'application/json': { schema: {} } } }, '403': { $ref: '#/components/responses/denied.proof' }, '429': { $ref: '#/components/responses/rate' }, default: { $ref: '#/components/responses/unread' } },
      },
    },
  },
  components: {
    schemas: { Code: { oneOf: [{ const: 'denied', description: 'No right' }, { const: 'proof', description: 'Prove it' }, { const: 'rate', description: 'Wait' }] } },
    responses: { 'denied.proof': refused('denied', 'proof'), rate: refused('rate'), unread: refused('host') },
  },
};

describe('what an operation can be refused with', () => {
  it('is a row for each code with its status and words, in the order of the document', () => {
    const op = operationsOf(doc)[0];
    expect(op && refusalsOf(doc, op)).toEqual([
      { status: '403', code: 'denied', text: 'No right' },
      { status: '403', code: 'proof', text: 'Prove it' },
      { status: '429', code: 'rate', text: 'Wait' },
    ]);
  });
});
