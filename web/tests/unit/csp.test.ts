// The content security policies as the program has them in its sources, judged by an evaluator of somebody else's.
import { describe, expect, it } from 'vitest';
import { CspEvaluator } from 'csp_evaluator/dist/evaluator.js';
import { CspParser } from 'csp_evaluator/dist/parser.js';
import { Severity } from 'csp_evaluator/dist/finding.js';
import uiSource from '../../../src/ui/ui.c?raw';
import headersSource from '../../../src/http/http_headers.def?raw';
import fileSource from '../../../src/api/file.c?raw';

// C writes a long text as several in a row.
const texts = (c: string) => [...c.matchAll(/"((?:[^"\\]|\\.)*)"/g)].map((m) => m[1]).join('');
const pagePolicy = texts(/ui_csp = S0\(([\s\S]*?)\);\n/.exec(uiSource)?.[1] ?? '');
const dataPolicy = /X\("Content-Security-Policy",\s+"([^"]+)"/.exec(headersSource)?.[1] ?? '';
const filePolicy = /Content-Security-Policy"\),\s+S\("([^"]+)"/.exec(fileSource)?.[1] ?? '';

// What may matter is read; what the evaluator only notes (scripts from 'self', Trusted Types) is not a finding.
const findings = (policy: string) =>
  new CspEvaluator(new CspParser(policy).csp)
    .evaluate()
    .filter((f) => f.severity <= Severity.STRICT_CSP)
    .map((f) => `${f.directive}: ${f.description}`);
const of = (policy: string, directive: string) => new CspParser(policy).csp.directives[directive as never] as string[] | undefined;

describe('content security policy', () => {
  it('page', () => {
    expect(findings(pagePolicy)).toEqual([]);
    expect(of(pagePolicy, 'default-src')).toEqual(["'none'"]);
    expect(of(pagePolicy, 'script-src')).toEqual(["'self'"]);
    expect(of(pagePolicy, 'connect-src')).toEqual(["'self'"]);
    expect(of(pagePolicy, 'frame-ancestors')).toEqual(["'none'"]);
    expect(of(pagePolicy, 'require-trusted-types-for')).toEqual(["'script'"]);
    expect(of(pagePolicy, 'trusted-types')).toEqual(['svelte-trusted-html', 'kontor']);
    expect(pagePolicy).not.toMatch(/https?:|\*/);
  });
  it('data', () => {
    for (const policy of [dataPolicy, filePolicy]) {
      expect(findings(policy)).toEqual([]);
      expect(of(policy, 'default-src')).toEqual(["'none'"]);
      expect(of(policy, 'frame-ancestors')).toEqual(["'none'"]);
    }
    expect(of(filePolicy, 'sandbox')).toEqual([]);
  });
  it('evaluator', () => {
    expect(findings("default-src 'self'; script-src 'unsafe-inline' https:")).not.toEqual([]);
  });
});
